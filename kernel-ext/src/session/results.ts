/** How many results `Out` keeps, as in IPython: they stay in memory. */
const KEPT = 1_000;

/** The results of cells that were shown: `_`, `__`, `___` and `Out[n]`. */
export class Results {
  readonly #out: Record<number, unknown> = {};
  readonly #numbers: number[] = [];

  /** Makes them visible to every cell. A cell's own `_` hides them. */
  install(): void {
    for (const [name, value] of Object.entries({ _: undefined, __: undefined, ___: undefined, Out: this.#out })) set(name, value);
  }

  /** Forgets all of them. */
  clear(): void {
    for (const name of ['_', '__', '___']) set(name, undefined);
    for (const number of this.#numbers.splice(0)) delete this.#out[number];
  }

  add(number: number, value: unknown): void {
    const globals = globalThis as { _?: unknown; __?: unknown };
    set('___', globals.__);
    set('__', globals._);
    set('_', value);
    // A cell that is not stored in the history has no number.
    if (number === 0) return;
    this.#out[number] = value;
    this.#numbers.push(number);
    if (this.#numbers.length > KEPT) delete this.#out[this.#numbers.shift() as number];
  }
}

const set = (name: string, value: unknown): void =>
  void Object.defineProperty(globalThis, name, { value, configurable: true, writable: true, enumerable: false });
