import MagicString from 'magic-string';
import { taggedIn } from './cell.js';
import { parseCell } from './parse.js';

/**
 * Wraps each class or function that a cell hands to `serve.deployment(` or `ingress(` as `__nbs_source("<cell>#<n>", …)`,
 * so that its source can be found from its value. No line moves.
 */
export function instrument(cellId: string, source: string): string {
  if (!/\b(deployment|ingress)\b/.test(source)) return source;
  const text = new MagicString(source);
  for (const [n, { argument }] of taggedIn(parseCell(source)).entries()) {
    text.appendLeft(argument.start, `__nbs_source(${JSON.stringify(`${cellId}#${n}`)}, `);
    text.appendRight(argument.end, ')');
  }
  return text.toString();
}
