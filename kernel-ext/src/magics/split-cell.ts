import { MAY_HAVE_MAGICS, type MagicLine, type MagicLines, magicLines } from './candidates.js';
import type { Grammar } from './grammar.js';
import { interpolated, type ValuePlace } from './interpolation.js';
import { timedCommand, timeEdits, timeitEdits, wholeCellTimeit } from './time-edits.js';

/** A line of a cell that is not TypeScript. */
export interface Magic {
  readonly kind: 'shell' | 'line' | 'help';
  /** The name without `%`; '' for a shell line. */
  readonly name: string;
  /** The text after the name; for a shell line, the command. Between the pieces stand values. */
  readonly pieces: readonly string[];
  /** The line in the cell, from 0. */
  readonly line: number;
  /** Where in the cell it begins, at its `!`, `%` or `?`, and where it ends; it may have several lines. */
  readonly start: number;
  readonly end: number;
  /** The names of earlier cells whose values stand between the pieces; only for a magic that runs before the cell's code. */
  readonly names?: readonly string[];
}

/** A whole cell that is not TypeScript, `%%bash`. */
export interface CellMagic {
  readonly name: string;
  readonly args: string;
  readonly body: string;
  /** If values of earlier cells stand in `args`: the text between them, and their names. */
  readonly filled?: { readonly pieces: readonly string[]; readonly names: readonly string[] };
}

export interface CellEdit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

export interface SplitCell {
  readonly cellMagic?: CellMagic;
  /** The magics above the first TypeScript. They run before the cell is type-checked, so that `!npm install x` can come before `import 'x'`. */
  readonly leading: readonly Magic[];
  /** The other magics, in order. The code calls them by their index. */
  readonly inner: readonly Magic[];
  /** The edits that make the cell TypeScript. */
  readonly edits: readonly CellEdit[];
  /** True if the cell contains no TypeScript. */
  readonly isEmpty: boolean;
  /** True with `%%time`: the cell's time is printed. */
  readonly timed: boolean;
  /** True with `%%capture`: what the cell prints and displays is kept. */
  readonly captured: boolean;
}

const PLAIN: SplitCell = { leading: [], inner: [], edits: [], isEmpty: false, timed: false, captured: false };

/** The magics of a whole cell whose body is TypeScript. */
const AROUND_CODE = new Set(['time', 'timeit', 'capture']);

/** `%%time`, `%%capture` or `%%capture name` above the line of another magic for the whole cell. */
const ABOVE_CELL_MAGIC = /^\s*%%(?:(time)|capture(?:[ \t]+([\p{ID_Start}_$][\p{ID_Continue}$]*))?)[ \t]*\n(?=\s*%%)/u;

/** A cell for another program. `%%time` and `%%capture` may stand above its first line. @returns undefined if the cell is TypeScript */
function cellForAnother(source: string, grammar: Grammar): SplitCell | undefined {
  let rest = source;
  let timed = false;
  let captured = false;
  let code = '';
  for (let above = ABOVE_CELL_MAGIC.exec(rest); above !== null; above = ABOVE_CELL_MAGIC.exec(rest)) {
    const [text, time, name] = above;
    if (time === undefined) captured = true;
    else timed = true;
    if (name !== undefined) code += `const ${name} = __nbs_captured();`;
    rest = rest.slice(text.length);
  }
  const [, magic = '', args = '', body = ''] = /^\s*%%(\w+)[ \t]*([^\n]*)(?:\n([\s\S]*))?$/.exec(rest) ?? [];
  if (magic === '' || AROUND_CODE.has(magic) || /^\?{1,2}\s*$/.test(args)) return undefined;
  const edits = code === '' ? [] : [{ start: 0, end: source.length, text: code }];
  return { ...PLAIN, edits, isEmpty: code === '', timed, captured, cellMagic: cellMagicOf(magic, args, body, grammar) };
}

/** Finds what of a cell is not TypeScript, and how the rest becomes TypeScript. */
export function splitCell(source: string, grammar: Grammar): SplitCell {
  if (!MAY_HAVE_MAGICS.test(source)) return PLAIN;
  const other = cellForAnother(source, grammar);
  if (other !== undefined) return other;
  const found = magicLines(source, grammar);
  if (found.lines.length === 0) return PLAIN;
  const leading: Magic[] = [];
  const inner: Magic[] = [];
  const edits: CellEdit[] = [];
  let { hasCode } = found;
  let isTimed = false;
  let hasInner = false;
  let isCaptured = false;
  let undeclared: Set<string> | undefined;
  for (const one of found.lines) {
    const { kind, start, end, isLeading } = one;
    const text = source.slice(start, end);
    const capture = kind === 'line' ? /^%%capture\b\s*([\p{ID_Start}_$][\p{ID_Continue}$]*)?\s*$/u.exec(text) : null;
    if (capture !== null) {
      isCaptured = true;
      const [, name] = capture;
      if (name !== undefined) hasCode = true;
      edits.push({ start, end, text: name === undefined ? '' : `const ${name} = __nbs_captured();` });
      continue;
    }
    if (kind === 'line' && text.startsWith('%%time')) {
      if (/^%%timeit\b/.test(text)) {
        edits.push(...wholeCellTimeit(source, start, end, grammar));
        hasCode = true;
      } else {
        isTimed = true;
        edits.push({ start, end, text: '' });
      }
      continue;
    }
    if (kind === 'line' && /^%time(it)?\b/.test(text)) {
      hasCode = true;
      hasInner = true;
      const command = timedCommand(text, (name) => grammar.isDeclared(name) || found.isInScope(name, one.line), grammar);
      if (command !== undefined) {
        const shell: MagicLine = { ...one, kind: 'shell', start: start + command.at };
        const { magic, values } = parseMagic(source, shell, found, grammar);
        edits.push({ start, end: shell.start, text: command.open });
        edits.push(...callEdits(`__nbs_magic(${inner.length}`, shell, values), { start: end, end, text: command.close });
        inner.push(magic);
        continue;
      }
      edits.push(...(text.startsWith('%timeit') ? timeitEdits(text, start, end, grammar) : timeEdits(text, start, end, grammar)));
      continue;
    }
    const { magic, values } = parseMagic(source, one, found, grammar);
    const names = values.map((value) => source.slice(value.start, value.end));
    // `%run` can only run before the code, so it takes its values from earlier cells.
    const isReady = values.length === 0 || (magic.name === 'run' && names.every((name) => grammar.isDeclared(name)));
    if (isLeading && !hasInner && isReady) {
      edits.push({ start, end, text: '' });
      leading.push(values.length === 0 ? magic : { ...magic, names });
      continue;
    }
    // A magic for a whole cell must not stand here. The cell's code does not run before it is told so.
    if (magic.name.startsWith('%')) {
      edits.push({ start, end, text: '' });
      leading.push({ ...magic, pieces: [text.slice(magic.name.length + 1).trim()] });
      continue;
    }
    hasCode = true;
    hasInner = true;
    if (kind === 'lines') {
      undeclared ??= new Set(grammar.undeclared(found.code));
      edits.push(...declaration(source, start, undeclared, grammar));
    }
    edits.push(...callEdits(`__nbs_${kind === 'lines' ? 'lines' : 'magic'}(${inner.length}`, one, values));
    inner.push(magic);
  }
  return { leading, inner, edits, isEmpty: !hasCode, timed: isTimed, captured: isCaptured };
}

const WORD = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u;

const ASSIGNED = /(?:^|\n)[ \t]*(([\p{ID_Start}_$][\p{ID_Continue}$]*)\s*=\s*)$/u;

/** `files = !ls` makes the name, if nothing has declared it. @param at the offset of the command */
function declaration(source: string, at: number, undeclared: Set<string>, grammar: Grammar): CellEdit[] {
  const [, assignment = '', name = ''] = ASSIGNED.exec(source.slice(0, at)) ?? [];
  if (grammar.isDeclared(name) || grammar.isGlobal(name) || !undeclared.delete(name)) return [];
  const start = at - assignment.length;
  return [{ start, end: start, text: 'let ' }];
}

function parseMagic(
  source: string,
  { kind, line, start, end }: MagicLine,
  { isInScope }: MagicLines,
  grammar: Grammar,
): { magic: Magic; values: readonly ValuePlace[] } {
  const text = source.slice(start, end).trimEnd();
  const place = { line, start, end };
  if (kind === 'help') return { magic: { kind, name: '', pieces: [text.replace(/^\?+\s*|\?+$/g, '')], ...place }, values: [] };
  const head = kind === 'line' ? (/^%%?[\p{ID_Continue}$-]*\s*/u.exec(text)?.[0] ?? '%') : (/^!\s*/.exec(text)?.[0] ?? '!');
  const isName = (name: string): boolean => grammar.isDeclared(name) || isInScope(name, line);
  const { pieces, values } = interpolated(text.slice(head.length), {
    isName,
    // The name of a global alone may also be a variable of the shell: `${URL}`.
    isExpression: (one) =>
      WORD.test(one.trim())
        ? isName(one.trim())
        : (grammar.expressionNames(one)?.every((name) => isName(name) || grammar.isGlobal(name)) ?? false),
  });
  const offset = start + head.length;
  const name = kind === 'line' ? head.trimEnd().slice(1) : '';
  return {
    // The shell joins the lines of a command by itself.
    magic:
      kind === 'line'
        ? { kind, name, pieces: pieces.map((piece) => piece.replace(/\\[ \t]*\n/g, ' ')), ...place }
        : { kind: 'shell', name, pieces, ...place },
    values: values.map((one) => ({ start: one.start + offset, end: one.end + offset })),
  };
}

/** `%%writefile {folder}/a.txt` */
function cellMagicOf(name: string, args: string, body: string, { isDeclared }: Grammar): CellMagic {
  const { pieces, values } = interpolated(args, { isName: isDeclared, isExpression: (text) => isDeclared(text.trim()) });
  const [only] = pieces;
  if (values.length === 0) return { name, args: only ?? args, body };
  return { name, args, body, filled: { pieces, names: values.map(({ start, end }) => args.slice(start, end).trim()) } };
}

/** The call of a magic. The values keep their places, so that errors in them are shown at their places. */
function callEdits(call: string, { start, end }: MagicLine, values: readonly ValuePlace[]): CellEdit[] {
  if (values.length === 0) return [{ start, end, text: `await ${call});` }];
  const edits: CellEdit[] = [];
  let position = start;
  let before = `await ${call}, [(`;
  for (const value of values) {
    edits.push({ start: position, end: value.start, text: before });
    position = value.end;
    before = '), (';
  }
  return [...edits, { start: position, end, text: ')]);' }];
}
