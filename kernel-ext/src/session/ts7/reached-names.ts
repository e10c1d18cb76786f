import { type CellModule, type Uses, wordsOf } from './cell-module.js';
import { type ScopeName, slotOf } from './cell-scope.js';
import type { Declaration } from './declared-names.js';
import type { ParsedCell } from './parsed-cell.js';

/** The names that code reaches. */
interface Reached {
  readonly names: ReadonlySet<string>;
  /** Those that one of the declarations sets, so that they may have a value from then on. */
  readonly set: ReadonlySet<string>;
}

const words = new WeakMap<Declaration, ReadonlySet<string>>();

function wordsIn({ text }: CellModule, declaration: Declaration): ReadonlySet<string> {
  const known = words.get(declaration) ?? wordsOf(text.slice(declaration.node.start, declaration.node.end));
  words.set(declaration, known);
  return known;
}

const sets = new WeakMap<Declaration, ReadonlySet<string>>();

function setsOf({ syntax: { own, free } }: CellModule, declaration: Declaration): ReadonlySet<string> {
  let known = sets.get(declaration);
  if (known === undefined) {
    // The block or loop that declares a `var` has run, and only functions in it run again.
    const hasRun = /Statement$/.test(declaration.node.type);
    const writes = [...own, ...free].filter(
      (one) => one.kind === 'write' && isIn(one, declaration.node) && (one.depth > 0 || !hasRun),
    );
    known = new Set(writes.map(({ name }) => name));
    sets.set(declaration, known);
  }
  return known;
}

/**
 * Returns the names that a cell uses, and the names that their declarations use, and so on: a function that the cell calls may change any of them. Also which of
 * them one of these declarations sets.
 * @param names the present names; a name counts only if it is still the one that the declaration uses
 */
export function reachedNames(cells: ReadonlyMap<number, CellModule>, names: ReadonlyMap<string, ScopeName>, uses: Uses): Reached {
  const reached = new Set<string>(uses.keys());
  const set = new Set<string>();
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
        if (names.get(word)?.slots.includes(at) === true) {
          reached.add(word);
          if (setsOf(module, declaration).has(word)) set.add(word);
        }
        follow(word, at);
      }
    }
  };
  for (const [name, { now }] of uses) follow(name, slotOf(now));
  return { names: reached, set };
}

const isIn = ({ start }: { start: number }, node: Declaration['node']): boolean => node.start <= start && start < node.end;

const CODE = /^(?:Function|ArrowFunction|Class)/;

/** The functions and classes that a cell declares and does not use itself. */
function unusedCode({ own, declarations }: ParsedCell): readonly Declaration[] {
  return [...declarations].flatMap(([name, all]) => {
    const code = all.filter(({ node, init }) => CODE.test((init ?? node).type));
    const isUsed = code.length > 0 && own.some((one) => one.name === name && !code.some(({ node }) => isIn(one, node)));
    return isUsed ? [] : code;
  });
}

/** The names to which a cell may give a value while it runs. What only functions do that it does not use, does not count. */
export function namesSet(syntax: ParsedCell): ReadonlySet<string> {
  const writes = [...syntax.own, ...syntax.free].filter(({ kind }) => kind === 'write');
  const unused = writes.some(({ depth }) => depth > 0) ? unusedCode(syntax) : [];
  const mayRun = writes.filter((one) => one.depth === 0 || !unused.some(({ node }) => isIn(one, node)));
  return new Set(mayRun.map(({ name }) => name));
}
