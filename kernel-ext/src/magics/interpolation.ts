/** A part of a line that is TypeScript, by its offsets in the line. */
export interface ValuePlace {
  readonly start: number;
  readonly end: number;
}

/** A line with values in it: there is one piece of text more than there are values. */
export interface Interpolated {
  readonly pieces: readonly string[];
  readonly values: readonly ValuePlace[];
}

/** What decides whether a part of a line is TypeScript. */
export interface ValueTest {
  /** `$name` */
  isName(name: string): boolean;
  /** `{expression}` */
  isExpression(text: string): boolean;
}

const NAME = /^[\p{ID_Start}_][\p{ID_Continue}$]*/u;

/**
 * Finds `$name`, `{expression}` and `${expression}` in a line. What does not name anything of the notebook is left to the shell: `$HOME`, `{a,b}`. So is all
 * that stands in single quotes. `$$name` and `{{expression}}` stand for the texts `$name` and `{expression}`.
 */
export function interpolated(line: string, test: ValueTest): Interpolated {
  const pieces: string[] = [];
  const values: ValuePlace[] = [];
  let piece = '';
  let quote = '';
  const value = (start: number, end: number): void => {
    pieces.push(piece);
    piece = '';
    values.push({ start, end });
  };
  for (let i = 0; i < line.length; ) {
    const character = line[i] ?? '';
    const found = quote === "'" ? undefined : placeAt(line, i, test);
    if (found !== undefined) {
      if (found.isText) piece += line.slice(found.start, found.end);
      else value(found.start, found.end);
      i = found.after;
      continue;
    }
    if (character === '\\' && quote !== "'") {
      piece += line.slice(i, i + 2);
      i += 2;
      continue;
    }
    if (quote === '' && (character === "'" || character === '"')) quote = character;
    else if (character === quote) quote = '';
    piece += character;
    i += 1;
  }
  return { pieces: [...pieces, piece], values };
}

interface Found extends ValuePlace {
  /** The offset behind all of it. */
  readonly after: number;
  /** It stands for itself. */
  readonly isText?: true;
}

function placeAt(line: string, at: number, test: ValueTest): Found | undefined {
  if (line[at] === '$') {
    const isDoubled = line[at + 1] === '$';
    const start = at + (isDoubled ? 2 : 1);
    const name = nameAt(line, start, test);
    if (name !== '') {
      const end = start + name.length;
      return isDoubled ? { start: start - 1, end, after: end, isText: true } : { start, end, after: end };
    }
    return isDoubled ? undefined : inBraces(line, at + 1, test);
  }
  return inBraces(line, at, test);
}

/** The longest name at the place, '' if there is none. A `$` may belong to the name, or to what follows it: `$dir$file`. */
function nameAt(line: string, start: number, test: ValueTest): string {
  let name = NAME.exec(line.slice(start))?.[0] ?? '';
  while (name !== '' && !test.isName(name)) name = name.slice(0, Math.max(0, name.lastIndexOf('$')));
  return name;
}

function inBraces(line: string, at: number, test: ValueTest): Found | undefined {
  if (line[at] !== '{') return undefined;
  const close = closingBrace(line, at);
  if (close === undefined) return undefined;
  const content = line.slice(at + 1, close);
  const inner = /^\{(.*)\}$/.exec(content)?.[1];
  if (inner !== undefined)
    return test.isExpression(inner) ? { start: at + 1, end: close, after: close + 1, isText: true } : undefined;
  return test.isExpression(content) ? { start: at + 1, end: close, after: close + 1 } : undefined;
}

function closingBrace(line: string, from: number): number | undefined {
  let depth = 0;
  let quote = '';
  for (let i = from; i < line.length; i += 1) {
    const character = line[i] ?? '';
    if (character === '\\') i += 1;
    else if (quote !== '') {
      if (character === quote) quote = '';
    } else if (/["'`]/.test(character)) quote = character;
    else if (character === '{') depth += 1;
    else if (character === '}') {
      depth -= 1;
      if (depth === 0) return i;
    }
  }
  return undefined;
}
