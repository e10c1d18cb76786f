import { LineScanner } from './line-scanner.js';

/** A line of a cell that is not TypeScript. */
export interface Magic {
  readonly kind: 'shell' | 'line';
  /** The name without `%`; '' for a shell line. */
  readonly name: string;
  /** The text after the name; for a shell line, the command. */
  readonly args: string;
  /** The line in the cell, from 0. */
  readonly line: number;
}

/** A whole cell that is not TypeScript, `%%bash`. */
export interface CellMagic {
  readonly name: string;
  readonly args: string;
  readonly body: string;
}

export interface SplitCell {
  readonly cellMagic?: CellMagic;
  /** The magics above the first TypeScript. They run before the cell is type-checked, so that `!npm install x` can come before `import 'x'`. */
  readonly leading: readonly Magic[];
  /** The other magics, in order. The code calls them by their index. */
  readonly inner: readonly Magic[];
  /** The edits that make the cell TypeScript. */
  readonly edits: readonly { readonly start: number; readonly end: number; readonly text: string }[];
  /** True if the cell contains no TypeScript. */
  readonly isEmpty: boolean;
  /** True with `%%time`: the cell's time is printed. */
  readonly timed: boolean;
}

const PLAIN: SplitCell = { leading: [], inner: [], edits: [], isEmpty: false, timed: false };

/** Finds the `!command` and `%magic` lines of a cell: those at the beginning of a line at which a statement may begin. */
export function splitCell(source: string): SplitCell {
  if (!/^[%!]/m.test(source)) return PLAIN;
  const whole = /^\s*%%(\w+)[ \t]*([^\n]*)(?:\n([\s\S]*))?$/.exec(source);
  if (whole !== null && whole[1] !== 'time')
    return { ...PLAIN, isEmpty: true, cellMagic: { name: whole[1] ?? '', args: whole[2] ?? '', body: whole[3] ?? '' } };
  const scanner = new LineScanner();
  const leading: Magic[] = [];
  const inner: Magic[] = [];
  const edits: { start: number; end: number; text: string }[] = [];
  let start = 0;
  let hasCode = false;
  let isTimed = false;
  const lines = source.split('\n');
  for (let i = 0; i < lines.length; i += 1) {
    const text = lines[i] ?? '';
    const end = start + text.length;
    if (scanner.atStatement && /^[%!]./.test(text)) {
      const magic = parseMagic(text, i);
      if (magic.name === '%time' && !hasCode) {
        isTimed = true;
        edits.push({ start, end, text: '' });
      } else if (magic.name === 'time') {
        hasCode = true;
        edits.push(...timeEdits(text, start, end));
      } else if (hasCode) {
        edits.push({ start, end, text: `await __nbs_magic(${inner.length});` });
        inner.push(magic);
      } else {
        edits.push({ start, end, text: '' });
        leading.push(magic);
      }
    } else {
      if (scanner.line(text)) hasCode = true;
    }
    start = end + 1;
  }
  return { leading, inner, edits, isEmpty: !hasCode, timed: isTimed };
}

function parseMagic(text: string, line: number): Magic {
  if (text.startsWith('!')) return { kind: 'shell', name: '', args: text.slice(1).trim(), line };
  const [, name = '', args = ''] = /^%(%?[\w-]*)\s*(.*)$/.exec(text) ?? [];
  return { kind: 'line', name, args: args.trim(), line };
}

/** The edits for `%time`. An expression keeps its value. A declaration must stay in the cell's scope, so the time is measured around it. */
function timeEdits(text: string, start: number, end: number): { start: number; end: number; text: string }[] {
  const code = start + (/^%time\s*/.exec(text)?.[0].length ?? 0);
  if (/^(const|let|var)\b/.test(text.slice(code - start))) {
    const assignment = /^[^=]*=(?!=|>)\s*/.exec(text.slice(code - start));
    const value = assignment === null ? code : code + assignment[0].length;
    return [{ start, end: code, text: '' }, ...timed(value, text, start, end)];
  }
  return timed(code, text, start, end).map((edit, i) => (i === 0 ? { ...edit, start } : edit));
}

function timed(from: number, text: string, start: number, end: number): { start: number; end: number; text: string }[] {
  const tail = start + text.trimEnd().replace(/;$/, '').length;
  return [
    { start: from, end: from, text: 'await __nbs_time(async () => (' },
    { start: tail, end, text: '));' },
  ];
}
