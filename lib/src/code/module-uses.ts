import type { Cell } from './cell.js';
import { requiredModule } from './literal.js';
import { childrenOf, type Node } from './parse.js';
import { partsOf, type Unit } from './unit.js';

/** A module that the code of a closure loads. */
interface ModuleUse {
  readonly module: string;
  /** True for `import()`: the code runs before the module is loaded. */
  readonly isLater: boolean;
}

const required = new WeakMap<Cell, readonly Node[]>();

/** The modules that a unit's code loads by `import`, `import()` and `require`. Text and comments that look like these load nothing. */
export function modulesOf(unit: Unit): readonly ModuleUse[] {
  const { cell, form } = unit;
  if (form.as === 'import') return [{ module: form.module, isLater: false }];
  if (!cell) return [];
  return partsOf(unit).flatMap(({ start, end }) => {
    const isInside = (node: { readonly start: number }): boolean => start <= node.start && node.start < end;
    const later = cell.analysis.imports
      .filter(isInside)
      .flatMap(({ module }) => (module === null ? [] : [{ module, isLater: true }]));
    const now = requiresIn(cell)
      .filter(isInside)
      .map((node) => ({ module: requiredModule(node) as string, isLater: false }));
    return [...later, ...now];
  });
}

/** The calls `require('m')` of a cell. */
function requiresIn(cell: Cell): readonly Node[] {
  const known = required.get(cell);
  if (known) return known;
  const found: Node[] = [];
  const visit = (node: Node): void => {
    if (requiredModule(node) !== undefined) found.push(node);
    for (const child of childrenOf(node)) visit(child);
  };
  if (cell.source.includes('require')) for (const statement of cell.statements) visit(statement);
  required.set(cell, found);
  return found;
}
