import { Fifo } from '../../core/index.js';
import type { RequestContext } from '../context/index.js';

/** One call of a batched generator. It keeps the results for its items until they are read. */
export class StreamCall {
  /** True if it has ended or failed, or its reader has left. Then it takes nothing more. */
  isOver = false;
  /** Called when its reader took a list or left. */
  readonly listeners = new Set<() => void>();
  /** The request that made the call. */
  readonly request: RequestContext | null;
  readonly #count: number;
  readonly #open: Set<number>;
  readonly #lists = new Fifo<unknown[]>();
  #failure: { readonly reason: unknown } | null = null;
  #wake: (() => void) | null = null;

  constructor(count: number, request: RequestContext | null) {
    this.request = request;
    this.#count = count;
    this.#open = new Set(Array.from({ length: count }, (_, index) => index));
    this.isOver = count === 0;
  }

  /** Number of lists that wait for the reader. */
  get unread(): number {
    return this.#lists.size;
  }

  isOpen(index: number): boolean {
    return !this.isOver && this.#open.has(index);
  }

  /** @param entries by the index of the item in the call; for other items they are `undefined` */
  push(entries: ReadonlyMap<number, unknown>): void {
    const list = new Array<unknown>(this.#count).fill(undefined);
    for (const [index, entry] of entries) list[index] = entry;
    this.#lists.push(list);
    this.#wake?.();
  }

  endItem(index: number): void {
    this.#open.delete(index);
    if (this.#open.size === 0) this.#close();
  }

  fail(reason: unknown): void {
    if (this.isOver) return;
    this.#failure = { reason };
    this.#close();
  }

  /** Resolves with the next list, or with `null` at the end. Only one call at a time is allowed. */
  async next(): Promise<unknown[] | null> {
    for (;;) {
      const list = this.#lists.shift();
      if (list !== undefined) {
        this.#tell();
        return list;
      }
      if (this.#failure !== null) throw this.#failure.reason;
      if (this.isOver) return null;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** To be called when the reader reads no more. */
  leave(): void {
    this.#lists.clear();
    this.#close();
    this.#tell();
  }

  #close(): void {
    this.isOver = true;
    this.#wake?.();
  }

  #tell(): void {
    for (const listener of this.listeners) listener();
  }
}
