/** First in, first out; what gives up in the middle is removed without a search. */
export class RequestQueue<T extends object = import('./routed-call.js').RoutedCall> {
  // A Set keeps the order of insertion and removes in O(1).
  readonly #entries = new Set<T>();
  /** Requests that were sent and came back: they go first. */
  readonly #returned = new Set<T>();

  get size(): number {
    return this.#entries.size + this.#returned.size;
  }

  get first(): T | undefined {
    for (const entry of this.#returned.size > 0 ? this.#returned : this.#entries) return entry;
    return undefined;
  }

  push(entry: T): void {
    this.#entries.add(entry);
  }

  unshift(entry: T): void {
    this.#returned.add(entry);
  }

  shift(): T | undefined {
    const { first } = this;
    if (first !== undefined) this.remove(first);
    return first;
  }

  remove(entry: T): void {
    if (!this.#entries.delete(entry)) this.#returned.delete(entry);
  }
}
