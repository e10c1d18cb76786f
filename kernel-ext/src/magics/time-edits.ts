import type { Grammar } from './grammar.js';
import type { CellEdit } from './split-cell.js';

/** The edits for `%time`. An expression keeps its value. A declaration must stay in the cell's scope, so the time is measured around it. */
export function timeEdits(text: string, start: number, end: number): CellEdit[] {
  const code = start + (/^%time\s*/.exec(text)?.[0].length ?? 0);
  if (/^(const|let|var)\b/.test(text.slice(code - start))) {
    const assignment = /^[^=]*=(?!=|>)\s*/.exec(text.slice(code - start));
    const value = assignment === null ? code : code + assignment[0].length;
    return [{ start, end: code, text: '' }, ...timed(value, text, start, end)];
  }
  return timed(code, text, start, end).map((edit, i) => (i === 0 ? { ...edit, start } : edit));
}

function timed(from: number, text: string, start: number, end: number): CellEdit[] {
  const tail = start + text.trimEnd().replace(/;$/, '').length;
  return [
    { start: from, end: from, text: 'await __nbs_time(async () => (' },
    { start: tail, end, text: '));' },
  ];
}

/** `%timeit -n 10 -r 3 code` */
const TIMEIT = /^%%?timeit((?:\s+-[nr]\s*[\w.+-]+(?=\s|$))*)\s*/;

/** The edits for `%timeit`: the code becomes a function that is called again and again. */
export function timeitEdits(text: string, start: number, end: number, grammar: Grammar): CellEdit[] {
  const [head = '', options = ''] = TIMEIT.exec(text) ?? [];
  const code = text.slice(head.length).trimEnd().replace(/;$/, '');
  const [open, close] = functionAround(code, grammar);
  return [
    { start, end: start + head.length, text: `await __nbs_timeit(${open}` },
    { start: start + head.length + code.length, end, text: `${close}, ${JSON.stringify(options.trim())});` },
  ];
}

/** The edits for `%%timeit setup`: the line runs once, the cell below it again and again. */
export function wholeCellTimeit(source: string, start: number, end: number, grammar: Grammar): CellEdit[] {
  const text = source.slice(start, end);
  const [head = '', options = ''] = TIMEIT.exec(text) ?? [];
  const [open, close] = functionAround(source.slice(end), grammar, true);
  return [
    { start, end: start + head.length, text: '' },
    { start: end, end, text: `; await __nbs_timeit(${open}` },
    { start: source.length, end: source.length, text: `\n${close}, ${JSON.stringify(options.trim())});` },
  ];
}

/** An expression's value is returned, so that V8 cannot leave the work out. Only code that waits is an async function, which takes longer to call. */
function functionAround(code: string, grammar: Grammar, isBlock = false): readonly [open: string, close: string] {
  const isAsync = /\bawait\b|^\s*[!%]|=\s*!/m.test(code) ? 'async ' : '';
  const isExpression = !isBlock && grammar.completeness(`(${code}\n)`) === 'complete' && code.trim() !== '';
  return isExpression ? [`${isAsync}() => (`, ')'] : [`${isAsync}() => {`, '}'];
}
