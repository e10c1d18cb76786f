import type { CellModule } from './cell-module.js';
import type { CellScope } from './cell-scope.js';

/** The number of modules at the start; it is doubled when nearly all of them are in use. */
const FIRST_SLOTS = 64;

/** If a smaller part of the modules than this is not in use, there will soon be too few. */
const SPARE_PART = 1 / 8;

export interface ModuleSlotsOptions {
  readonly cells: ReadonlyMap<number, CellModule>;
  /** Makes modules with the numbers from `first` to `last`. */
  readonly grow: (first: number, last: number) => void;
}

/**
 * The numbers of the modules that cells can be written into. To find out which modules are in use, all names have to be visited. So this is done once for
 * many cells: the modules that were not in use then are given out one after the other.
 */
export class ModuleSlots {
  readonly #options: ModuleSlotsOptions;
  #count = 0;
  /** Modules that are not in use, the lowest number last. */
  #unused: number[] = [];
  /** The module that was given out last and was not kept. It is given out again, so that nothing stays of a cell that was refused. */
  #open: number | undefined;
  /** Modules that were taken for a cell that is not in a scope yet. */
  #taken: number[] = [];
  /** The scopes whose modules are not in `#unused`. */
  #known: ReadonlySet<CellScope> = new Set();

  constructor(options: ModuleSlotsOptions) {
    this.#options = options;
    this.#grow(FIRST_SLOTS);
  }

  /** Returns a module that none of the scopes needs. It stays the same one until it is kept. */
  open(scopes: readonly CellScope[]): number {
    if (!scopes.every((scope) => this.#known.has(scope))) {
      this.#open = undefined;
      this.#unused = [];
    }
    this.#known = new Set(scopes);
    this.#open ??= this.#next(scopes);
    return this.#open;
  }

  /** Returns another module, for an older cell, that the scope after this change needs. */
  take(scopes: readonly CellScope[]): number {
    const slot = this.#next(scopes);
    this.#taken.push(slot);
    return slot;
  }

  /** The open module is in use from now on, by the scope `after`. */
  keep(after: CellScope): void {
    this.#open = undefined;
    this.know(after);
  }

  /** The modules that were taken are in use from now on, by the scope `after`. */
  know(after: CellScope): void {
    this.#taken = [];
    this.#known = new Set([...this.#known, after]);
  }

  #next(scopes: readonly CellScope[]): number {
    if (this.#unused.length === 0) this.#sweep(scopes);
    return this.#unused.pop() as number;
  }

  #sweep(scopes: readonly CellScope[]): void {
    const needed = this.#needed(scopes);
    if (this.#open !== undefined) needed.add(this.#open);
    for (const slot of this.#taken) needed.add(slot);
    if (this.#count - needed.size < this.#count * SPARE_PART) this.#grow(this.#count * 2);
    for (let slot = this.#count; slot > 0; slot -= 1) if (!needed.has(slot)) this.#unused.push(slot);
  }

  #needed(scopes: readonly CellScope[]): Set<number> {
    const { cells } = this.#options;
    const needed = new Set<number>();
    const need = (slot: number): void => {
      if (needed.has(slot)) return;
      needed.add(slot);
      for (const use of cells.get(slot)?.uses.values() ?? [])
        for (const known of [use.now, use.ran, use.first]) for (const one of known?.slots ?? []) need(one);
      for (const { slots } of cells.get(slot)?.own?.values() ?? []) for (const one of slots) need(one);
    };
    for (const { names, augments, last } of new Set(scopes)) {
      for (const { slots } of names.values()) for (const slot of slots) need(slot);
      for (const slot of augments) need(slot);
      if (last !== undefined) need(last);
    }
    return needed;
  }

  #grow(count: number): void {
    this.#options.grow(this.#count + 1, count);
    this.#count = count;
  }
}
