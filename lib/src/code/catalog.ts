import { Cell, type TaggedSource } from './cell.js';
import { type Declaration, functionOf, isVariable } from './declaration.js';
import type { Node } from './parse.js';
import type { SourceId } from './types.js';

type AnyFunction = (...args: never[]) => unknown;

/** The source from which a function value was made. */
export interface FunctionSource {
  readonly id: SourceId;
  readonly cell: Cell;
  readonly name: string;
  readonly node: Node;
  /** Undefined if it was an expression: an argument of a call such as `serve.deployment(`, or the right side of an assignment. */
  readonly declaration: Declaration | null;
}

/** Every cell that ran, what it declared, and the source of each function. */
export class Catalog {
  readonly #cells: Cell[] = [];
  readonly #byId = new Map<string, Cell>();
  readonly #byName = new Map<string, Declaration[]>();
  #indexed = 0;
  readonly #functions = new WeakMap<object, FunctionSource>();

  addCell(id: string, source: string): void {
    const cell = new Cell(id, source, this.#cells.length);
    this.#cells.push(cell);
    this.#byId.set(id, cell);
  }

  cell(id: string): Cell | undefined {
    return this.#byId.get(id);
  }

  tag(id: SourceId, value: unknown): void {
    if (typeof value !== 'function' || this.#functions.has(value)) return;
    const source = this.#tagged(id);
    if (source) this.#functions.set(value, source);
  }

  #tagged(id: SourceId): FunctionSource | undefined {
    const cell = this.#byId.get(id.slice(0, id.lastIndexOf('#')));
    const tagged = cell?.tagged.find((candidate: TaggedSource) => candidate.id === id);
    if (!cell || !tagged) return undefined;
    const name = ((tagged.node.id as Node | null | undefined)?.name as string | undefined) ?? '';
    return { id, cell, name, node: tagged.node, declaration: null };
  }

  /** Notes the value that a cell's code gave to a name. */
  bind(cellId: string, name: string, value: unknown): void {
    const cell = this.#byId.get(cellId);
    if (!cell) return;
    const before = cell.valueOf(name)?.value;
    cell.setValue(name, value);
    if (typeof value !== 'function' || this.#functions.has(value)) return;
    const source = typeof before === 'function' && before !== value ? undefined : this.#declaredFunction(cell, name);
    const found = source ?? this.#assignedFunction(name);
    if (found) this.#functions.set(value, found);
  }

  #declaredFunction(cell: Cell, name: string): FunctionSource | undefined {
    const declaration = cell.declarations.get(name);
    const node = declaration && functionOf(declaration);
    return node ? { id: declarationKey(declaration), cell, name, node, declaration } : undefined;
  }

  /** The function that the newest cell with `name = <function>` assigns. */
  #assignedFunction(name: string): FunctionSource | undefined {
    for (const cell of this.#cells.toReversed()) {
      const node = cell.assignedFunction(name);
      if (node) return { id: `${cell.id}=${name}`, cell, name, node, declaration: null };
      if (cell.declarations.has(name)) return undefined;
    }
    return undefined;
  }

  /** The source of a function value. `lookup` returns the value of a name, because a host may not call `bind` for each one. */
  sourceOf(value: unknown, lookup: (name: string) => unknown): FunctionSource | undefined {
    if (typeof value !== 'function') return undefined;
    const known = this.#functions.get(value);
    if (known) return known;
    const declaration = this.declarations((value as AnyFunction).name).at(-1);
    const node = declaration?.cell.functionNode(declaration.name);
    if (!declaration || !node || valueNow(declaration.name, lookup) !== value) return undefined;
    const source = { id: declarationKey(declaration), cell: declaration.cell, name: declaration.name, node, declaration };
    this.#functions.set(value, source);
    return source;
  }

  /** The declarations of a name, the oldest first. */
  declarations(name: string): readonly Declaration[] {
    for (; this.#indexed < this.#cells.length; this.#indexed += 1) {
      for (const declaration of (this.#cells[this.#indexed] as Cell).declarations.values()) {
        const known = this.#byName.get(declaration.name);
        if (known) known.push(declaration);
        else this.#byName.set(declaration.name, [declaration]);
      }
    }
    return this.#byName.get(name) ?? [];
  }

  /**
   * The declaration that a name in `from` refers to, if `from` does not declare it: the latest one. If the name was evaluated while the cell ran
   * (`extends`), the latest one of that time.
   */
  find(name: string, from: Cell, eager: boolean): Declaration | undefined {
    const all = this.declarations(name).filter((declaration, _, list) => list.length === 1 || ran(declaration));
    return (eager ? all.findLast((declaration) => declaration.cell.order < from.order) : undefined) ?? all.at(-1);
  }

  /** True if no later cell declares the name again. */
  isLatest(declaration: Declaration): boolean {
    return this.declarations(declaration.name).at(-1) === declaration;
  }
}

export const declarationKey = (declaration: Declaration): SourceId => `${declaration.cell.id}:${declaration.name}`;

// If a cell failed, it declares nothing after the place of the failure.
function ran(declaration: Declaration): boolean {
  const { cell, name, kind } = declaration;
  if (kind === 'import' || isVariable(declaration) || !cell.hasValues) return true;
  return cell.valueOf(name)?.value !== undefined;
}

// A name has no value before the notebook has run its declaration.
function valueNow(name: string, lookup: (name: string) => unknown): unknown {
  try {
    return lookup(name);
  } catch {
    return undefined;
  }
}
