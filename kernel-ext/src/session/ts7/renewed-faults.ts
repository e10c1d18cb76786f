import { children, isNode, type SyntaxNode } from '../syntax.js';
import { type CellModule, mappedModule, wordsOf } from './cell-module.js';
import type { ScopeName } from './cell-scope.js';

/** An error that the type checker finds in the code of an earlier cell. */
export interface Fault {
  readonly pos: number;
  readonly code: number;
  readonly message: string;
}

export interface RenewedFaultsOptions {
  readonly cells: ReadonlyMap<number, CellModule>;
  readonly faultsOf: (slot: number) => readonly Fault[];
}

const RUNS_LATER = /^(Function|ArrowFunction|ObjectMethod|Class(Private)?Method)/;

/**
 * Finds a type error in the functions that a name stands for, or in functions that they use, if names that they use were declared again with other types.
 * Errors in statements do not count, because statements ran with the old declarations.
 */
export function renewedFault({ cells, faultsOf }: RenewedFaultsOptions, name: string, known: ScopeName): Fault | undefined {
  const seen = new Set<string>();
  // The value of a variable whose type is a union may be any of its parts, so each part counts.
  const find = (one: string, slots: readonly number[]): Fault | undefined => {
    for (const slot of slots) {
      const found = findIn(one, slot);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  const findIn = (one: string, slot: number): Fault | undefined => {
    const key = `${slot} ${one}`;
    if (seen.has(key)) return undefined;
    seen.add(key);
    const module = cells.get(slot);
    if (module?.isRenewed !== true) return undefined;
    for (const node of [
      ...(module.syntax.declarations.get(one) ?? []).map((found) => found.node),
      ...statementsWith(module, one),
    ]) {
      const own = faultsOf(slot);
      if (own.length > 0) {
        const text = mappedModule(module);
        const bodies = [...laterParts(node)];
        const found = own.find(({ pos }) => {
          const at = text.toOriginal(pos);
          return bodies.some(({ start, end }) => start <= at && at < end);
        });
        if (found !== undefined) return found;
      }
      for (const word of wordsOf(module.text.slice(node.start, node.end))) {
        const used = module.uses.get(word)?.now;
        const next = module.syntax.names.has(word) ? [slot] : used?.slots;
        const found = next === undefined ? undefined : find(word, next);
        if (found !== undefined) return found;
      }
    }
    return undefined;
  };
  return find(name, known.slots);
}

/** The statements that may put functions into a variable: `handlers.push(() => n)`. */
function statementsWith({ text, syntax }: CellModule, name: string): SyntaxNode[] {
  if (!syntax.mutated.has(name)) return [];
  const body = syntax.program.body as SyntaxNode[];
  return body.filter(({ type, start, end }) => type === 'ExpressionStatement' && wordsOf(text.slice(start, end)).has(name));
}

function* laterParts(node: SyntaxNode): Generator<SyntaxNode> {
  if (RUNS_LATER.test(node.type) && isNode(node.body)) yield node.body;
  else for (const child of children(node)) yield* laterParts(child);
}
