import type { DeclaredName, Grammar } from './grammar.js';
import { LineScanner } from './line-scanner.js';

/** A line that is a magic. Offsets are those of the cell. */
export interface MagicLine {
  readonly kind: 'shell' | 'line' | 'lines' | 'help';
  /** The line in the cell, from 0. */
  readonly line: number;
  /** Where the magic begins: at its `!` or `%`. */
  readonly start: number;
  readonly end: number;
  /** True if no code stands above it. */
  readonly isLeading: boolean;
}

/** A cell without a match has no magics. It costs little, because each cell is searched. */
export const MAY_HAVE_MAGICS = /^[ \t]*[%!?]|=[ \t]*![^=]|\?[ \t]*$/m;

/** What stands in front of a command whose lines are assigned. */
const ASSIGNS =
  /^([ \t]*(?:export\s+)?(?:(?:const|let|var)\s+)?(?:[\p{ID_Start}_$][\p{ID_Continue}$.]*|\{[^=]*\}|\[[^=]*\])(?:\s*:[^=]+)?\s*=\s*)!(?!=)/u;

/** What stands below these is a cell, whatever their line ends with. */
const OF_CELL = /^[ \t]*%%/;

/** `name?`, `name??` or `?name` */
const HELP = /^[ \t]*(?:\?{1,2}[ \t]*[\p{ID_Start}_$][\p{ID_Continue}$.]*|[\p{ID_Start}_$][\p{ID_Continue}$.]*\?{1,2})[ \t]*$/u;

/** `%name?` or `?%name` */
const MAGIC_HELP = /^[ \t]*(?:\?{1,2}[ \t]*%{1,2}\w+|%{1,2}\w+\?{1,2})[ \t]*$/;

/** The first lines of a statement, this many, are parsed after each line. After that, it is parsed only if its brackets are closed. */
const PARSED_LINES = 50;

export interface MagicLines {
  readonly lines: readonly MagicLine[];
  /** The cell's TypeScript, as `LineScanner` reads it. */
  readonly code: string;
  readonly hasCode: boolean;
  /** Whether the cell declares the name for code in this line, there or further down. */
  isInScope(name: string, line: number): boolean;
}

/** What is known of the names of a cell while its lines are read. */
interface Names {
  /** @param isAbove only if the declaration stands above the line, or counts there too */
  has(name: string, line: number, isAbove: boolean): boolean;
}

const ofDeclared = (declared: readonly DeclaredName[]): Names => ({
  has: (wanted, at, isAbove) =>
    declared.some(
      ({ name, line, from, to, isHoisted }) => name === wanted && from < at && at <= to && (!isAbove || isHoisted || line < at),
    ),
});

/** Finds the magic lines of a cell: those at which a statement may begin, and which are not TypeScript with the names that exist. */
export function magicLines(source: string, grammar: Grammar): MagicLines {
  const first = scanned(source, grammar, undefined);
  if (first.lines.length === 0 && !first.isInDoubt) return first;
  // Which lines are magics depends on all names that the cell declares, even below them. Magic lines declare no names.
  const declared = grammar.declared(source) ?? grammar.declared(first.code.slice(1));
  return declared === undefined ? first : scanned(source, grammar, ofDeclared(declared));
}

/** @param names what the whole cell declares; undefined if that is not known, and then what it mentions may be a name */
function scanned(source: string, grammar: Grammar, names: Names | undefined): MagicLines & { readonly isInDoubt: boolean } {
  const scanner = new LineScanner();
  const texts = source.split('\n');
  const lines: MagicLine[] = [];
  let start = 0;
  let hasCode = false;
  let isInDoubt = false;
  for (let line = 0; line < texts.length; line += 1) {
    const text = texts[line] as string;
    let end = start + text.length;
    const found = scanner.atStatement ? candidate(text) : undefined;
    const isKnown = (name: string): boolean => {
      if (grammar.isDeclared(name) || grammar.isGlobal(name)) return true;
      // At the top of the cell, a name does not exist above its declaration; in a function it does, when that is called.
      if (names !== undefined) return names.has(name, line, scanner.isBalanced);
      const isMentioned = mentions(scanner.code, name);
      isInDoubt ||= isMentioned;
      return isMentioned;
    };
    if (found !== undefined && !isTypeScript(found.kind, texts, line, found.at, scanner, grammar, isKnown)) {
      const below = found.kind === 'help' || OF_CELL.test(text) ? 0 : continuedLines(texts, line);
      for (let more = 1; more <= below; more += 1) end += 1 + (texts[line + more] as string).length;
      const isLeading = !hasCode && found.kind !== 'lines' && !/^[ \t]/.test(text);
      lines.push({ kind: found.kind, line, start: start + found.at, end, isLeading });
      if (found.kind === 'lines') {
        hasCode = true;
        scanner.line(`${text.slice(0, found.at)}0;`);
      } else scanner.line(`${' '.repeat(found.at)};`);
      // The code has as many lines as the cell.
      for (let more = 1; more <= below; more += 1) scanner.line('');
      line += below;
    } else if (scanner.line(text)) hasCode = true;
    start = end + 1;
  }
  const { code } = scanner;
  const isInScope = (name: string, line: number): boolean =>
    names === undefined ? mentions(code, name) : names.has(name, line, false);
  return { lines: lines.length === 0 ? lines : standing(source, lines, grammar), code, hasCode, isInScope, isInDoubt };
}

/** How many lines below this one belong to it, because each line above them ends with a backslash. */
function continuedLines(texts: readonly string[], line: number): number {
  let count = 0;
  while (line + count + 1 < texts.length && isContinued(texts[line + count] as string)) count += 1;
  return count;
}

/** Whether the next line belongs to this line of a magic: it ends with a backslash, before which no other one stands. */
export const isContinued = (line: string): boolean => /(?<!\\)(?:\\\\)*\\[ \t]*$/.test(line);

function candidate(text: string): { readonly kind: MagicLine['kind']; readonly at: number } | undefined {
  const at = /^[ \t]*/.exec(text)?.[0].length ?? 0;
  if (text[at] === '!' && /\S/.test(text.slice(at + 1))) return { kind: 'shell', at };
  if (MAGIC_HELP.test(text)) return { kind: 'help', at };
  if (text[at] === '%' && /^%%?[\p{ID_Start}_]/u.test(text.slice(at))) return { kind: 'line', at };
  if (HELP.test(text)) return { kind: 'help', at };
  const assigned = ASSIGNS.exec(text)?.[1];
  return assigned === undefined || !/\S/.test(text.slice(assigned.length + 1))
    ? undefined
    : { kind: 'lines', at: assigned.length };
}

/** What may stand above a line that begins with `?`: an expression, and a condition of a type. */
const CONTINUED = ['0 ', 'type T = 0 extends 0 '];

/** Whether the rest of the line, together with the lines below it if they belong to it, is TypeScript. */
function isTypeScript(
  kind: MagicLine['kind'],
  texts: readonly string[],
  line: number,
  at: number,
  before: LineScanner,
  grammar: Grammar,
  isKnown: (name: string) => boolean,
): boolean {
  const first = texts[line]?.slice(at) ?? '';
  if (kind === 'line') {
    // Behind the end of a statement, no operator can stand.
    if (before.isEnded || first.startsWith('%%')) return false;
    const text = wholeStatement(`0 ${first}`, texts, line, grammar);
    const name = /^%([\p{ID_Continue}$]+)/u.exec(first)?.[1] ?? '';
    // Nobody computes with the globals that are called like magics.
    return text !== undefined && (!grammar.isMagic(name) || (isKnown(name) && !grammar.isGlobal(name)));
  }
  // `%b?` may belong to the expression above it, and to the line below it.
  if (kind === 'help' && first.startsWith('%'))
    return !before.isEnded && wholeStatement(`0 ${first}`, texts, line, grammar) !== undefined;
  const text = wholeStatement(first, texts, line, grammar);
  // In braces, `name?` is a property of an interface or of a class. `? a` and `?? a` may belong to the expression or the type above them.
  if (kind === 'help') {
    const isContinued = (above: string): boolean => wholeStatement(above + first, texts, line, grammar) !== undefined;
    return text !== undefined || !before.isBalanced || (first.startsWith('?') && !before.isEnded && CONTINUED.some(isContinued));
  }
  const operand = text === undefined ? undefined : grammar.firstOperand(text);
  if (operand === undefined || operand.kind === 'command') return false;
  return operand.kind === 'other' || operand.isCalled || isKnown(operand.name);
}

function wholeStatement(first: string, texts: readonly string[], line: number, grammar: Grammar): string | undefined {
  const scanner = new LineScanner();
  scanner.line(first);
  let text = first;
  for (let next = line + 1; ; next += 1) {
    if (next - line <= PARSED_LINES || scanner.isBalanced) {
      const status = grammar.completeness(text);
      if (status === 'complete') return text;
      if (status === 'invalid') return undefined;
    }
    const more = texts[next];
    if (more === undefined) return undefined;
    scanner.line(more);
    text += `\n${more}`;
  }
}

function mentions(code: string, name: string): boolean {
  return new RegExp(`(?<![\\p{ID_Continue}$.])${name.replaceAll('$', '\\$')}(?![\\p{ID_Continue}$])`, 'u').test(code);
}

const MAY_BE_JSX = /<[\p{ID_Start}$_>]/u;

/** Those of the lines at whose place the syntax tree has a statement: text of JSX can look like a magic. */
function standing(source: string, lines: readonly MagicLine[], grammar: Grammar): readonly MagicLine[] {
  const whole = grammar.places(source);
  if (whole !== undefined) {
    return lines.filter(({ kind, start }) => {
      if (kind === 'shell') return whole.statements.has(start);
      if (kind === 'line') return whole.remainders.has(start + 1);
      return kind === 'lines';
    });
  }
  if (!MAY_BE_JSX.test(source)) return lines;
  let text = '';
  let position = 0;
  for (const [i, { kind, start, end }] of lines.entries()) {
    text += `${source.slice(position, start)}${kind === 'lines' ? '' : ';'}__nbs_at_${i};`;
    position = end;
  }
  const marked = grammar.places(text + source.slice(position));
  return marked === undefined ? lines : lines.filter((_, i) => marked.names.has(`__nbs_at_${i}`));
}
