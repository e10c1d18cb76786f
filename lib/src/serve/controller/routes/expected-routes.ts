import type { RisingRoute } from '../../protocol/index.js';

/** Prefixes of applications that drivers are about to deploy for the first time. */
export class ExpectedRoutes {
  /** A new list after each change. */
  list: readonly RisingRoute[] = [];
  readonly #onChange: () => void;

  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  /** Returns a function that removes it. */
  add(app: string, prefix: string): () => void {
    const expected: RisingRoute = { app, prefix };
    this.#set([...this.list, expected]);
    return () => this.#set(this.list.filter((other) => other !== expected));
  }

  #set(list: readonly RisingRoute[]): void {
    this.list = list;
    this.#onChange();
  }
}
