/** Entry `nbserve/analysis`: which names a piece of code uses. It is for hosts of user code, and loads no compiler. */
import { analyse } from './analyse.js';
import type { Node } from './parse.js';
import { type Reference, resolve } from './scope.js';

export type { Reference } from './scope.js';

/**
 * The uses of names that the statements do not declare themselves.
 * @param statements nodes of a Babel syntax tree
 * @param length the length of their source text, in UTF-16 units
 */
export function freeReferences(statements: readonly Node[], length: number): readonly Reference[] {
  return analyse(statements, length).references.filter((one) => resolve(one) === null);
}
