import { taggedIn } from './cell.js';
import { parseCell } from './parse.js';

/**
 * Wraps each class or function that a cell hands to `serve.deployment(` or `ingress(`, or sets as a `policy`, as `__nbs_source("<cell>#<n>", …)`,
 * so that its source can be found from its value. No line moves.
 */
export function instrument(cellId: string, source: string): string {
  if (!/\b(deployment|ingress|policy)\b/.test(source)) return source;
  const insertions = taggedIn(parseCell(source)).flatMap(({ argument }, n) => [
    { at: argument.start, text: `__nbs_source(${JSON.stringify(`${cellId}#${n}`)}, ` },
    { at: argument.end, text: ')' },
  ]);
  let text = source;
  for (const insertion of insertions.sort((a, b) => b.at - a.at))
    text = text.slice(0, insertion.at) + insertion.text + text.slice(insertion.at);
  return text;
}
