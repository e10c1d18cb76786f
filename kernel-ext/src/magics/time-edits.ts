import type { Grammar } from './grammar.js';
import type { CellEdit } from './split-cell.js';

const TIME_OPEN = 'await __nbs_time(async () => ';

/**
 * The edits for `%time`. An expression keeps its value. A declaration must stay in the cell's scope, so the time of its value is measured, and around it if it
 * has no value or several.
 */
export function timeEdits(text: string, start: number, end: number, grammar: Grammar): CellEdit[] {
  const from = start + (/^%time\s*/.exec(text)?.[0].length ?? 0);
  const code = text.slice(from - start);
  // What is not TypeScript is left to the checker, which says what is wrong.
  const found = grammar.timed(code) ?? { kind: 'expression' as const, end: code.trimEnd().length };
  const to = from + found.end;
  if (found.value !== undefined) {
    const [first, last] = [from + found.value.start, from + found.value.end];
    return [
      { start, end: from, text: '' },
      { start: first, end: first, text: `${TIME_OPEN}(` },
      { start: last, end: last, text: '))' },
    ];
  }
  const [open, close] = {
    expression: [`${TIME_OPEN}(`, '));'],
    statements: [`${TIME_OPEN}{ `, ' });'],
    declaration: ['__nbs_watch(true); ', '; __nbs_watch(false);'],
  }[found.kind] as [string, string];
  return [
    { start, end: from, text: open },
    { start: to, end, text: close },
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

/**
 * `%time !command` and `%timeit !command`.
 * @returns where in the text the command begins, and what comes before and after its call; undefined if TypeScript is measured
 */
export function timedCommand(
  text: string,
  isName: (name: string) => boolean,
  grammar: Grammar,
): { readonly at: number; readonly open: string; readonly close: string } | undefined {
  const [head = '', options = ''] = (text.startsWith('%timeit') ? TIMEIT : /^%time\s*/).exec(text) ?? [];
  const code = text.slice(head.length);
  if (!/^!\s*\S/.test(code)) return undefined;
  const operand = grammar.firstOperand(code);
  if (operand?.kind === 'other') return undefined;
  if (operand?.kind === 'name' && (operand.isCalled || isName(operand.name) || grammar.isGlobal(operand.name))) return undefined;
  return text.startsWith('%timeit')
    ? { at: head.length, open: 'await __nbs_timeit(async () => { ', close: ` }, ${JSON.stringify(options.trim())});` }
    : { at: head.length, open: '__nbs_watch(true); try { ', close: ' } finally { __nbs_watch(false); }' };
}

/** An expression's value is returned, so that V8 cannot leave the work out. Only code that waits is an async function, which takes longer to call. */
function functionAround(code: string, grammar: Grammar, isBlock = false): readonly [open: string, close: string] {
  const isAsync = /\bawait\b|^\s*[!%]|=\s*!/m.test(code) ? 'async ' : '';
  const isExpression = !isBlock && grammar.completeness(`(${code}\n)`) === 'complete' && code.trim() !== '';
  return isExpression ? [`${isAsync}() => (`, ')'] : [`${isAsync}() => {`, '}'];
}
