import { type CellModule, type Uses, wordsOf } from './cell-module.js';
import { type ScopeName, slotOf } from './cell-scope.js';
import type { Declaration } from './declared-names.js';

const words = new WeakMap<Declaration, ReadonlySet<string>>();

function wordsIn({ text }: CellModule, declaration: Declaration): ReadonlySet<string> {
  const known = words.get(declaration) ?? wordsOf(text.slice(declaration.node.start, declaration.node.end));
  words.set(declaration, known);
  return known;
}

/**
 * Returns the names that a cell uses, and the names that their declarations use, and so on: a function that the cell calls may change any of them.
 * @param names the present names; a name counts only if it is still the one that the declaration uses
 */
export function reachedNames(
  cells: ReadonlyMap<number, CellModule>,
  names: ReadonlyMap<string, ScopeName>,
  uses: Uses,
): ReadonlySet<string> {
  const reached = new Set<string>(uses.keys());
  const seen = new Set<string>();
  const follow = (name: string, slot: number): void => {
    const key = `${slot} ${name}`;
    const module = cells.get(slot);
    if (module === undefined || seen.has(key)) return;
    seen.add(key);
    for (const declaration of module.syntax.declarations.get(name) ?? []) {
      for (const word of wordsIn(module, declaration)) {
        const next = module.syntax.names.has(word) ? slot : module.uses.get(word)?.now;
        const at = typeof next === 'object' ? slotOf(next) : next;
        if (at === undefined) continue;
        if (names.get(word)?.slots.includes(at) === true) reached.add(word);
        follow(word, at);
      }
    }
  };
  for (const [name, { now }] of uses) follow(name, slotOf(now));
  return reached;
}
