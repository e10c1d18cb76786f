/** Entry `nbserve/analysis`: which names a piece of code uses, and which file an import means. It is for hosts of user code, and loads no compiler. */
import { analyse } from './analyse.js';
import type { Node } from './parse.js';
import { type Reference, resolve } from './scope.js';

export { resolveImport } from './resolve-import.js';
export type { Reference } from './scope.js';
export { mayShip } from './shipped-calls.js';

/**
 * The uses of names that the statements do not declare (`free`), and of names that they declare at their top level (`own`).
 * @param statements nodes of a Babel syntax tree
 * @param length the length of their source text, in UTF-16 units
 */
export function nameUses(statements: readonly Node[], length: number): Readonly<Record<'free' | 'own', readonly Reference[]>> {
  const { references, scope } = analyse(statements, length);
  const free: Reference[] = [];
  const own: Reference[] = [];
  for (const one of references) {
    const declaredIn = resolve(one);
    if (declaredIn === null) free.push(one);
    else if (declaredIn === scope) own.push(one);
  }
  return { free, own };
}
