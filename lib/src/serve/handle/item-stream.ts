import { Fifo } from '../../core/index.js';
import { ItemDecoder } from '../../ipc/index.js';

/** Number of items that may wait for the reader before the sender must wait. The channel's window limits their bytes. */
const MAX_WAITING_ITEMS = 16;

/** The items of a remote generator as they arrive. If the reader is slow, the sender must wait. */
export class ItemStream implements AsyncIterable<unknown>, AsyncIterator<unknown> {
  readonly #decoder = new ItemDecoder();
  readonly #items = new Fifo<unknown>();
  readonly #consumed: (bytes: number) => void;
  readonly #cancel: () => void;
  #owedCredit = 0;
  #ended = false;
  #error: Error | null = null;
  #wake: (() => void) | null = null;

  constructor(consumed: (bytes: number) => void, cancel: () => void) {
    this.#consumed = consumed;
    this.#cancel = cancel;
  }

  push(chunk: Uint8Array): void {
    for (const item of this.#decoder.feed(chunk)) this.#items.push(item);
    this.#owedCredit += chunk.length;
    this.#payCredit();
    this.#signal();
  }

  end(): void {
    this.#ended = true;
    this.#signal();
  }

  fail(error: Error): void {
    this.#error = error;
    this.#ended = true;
    this.#signal();
  }

  async next(): Promise<IteratorResult<unknown>> {
    for (;;) {
      if (this.#items.size > 0) {
        const value = this.#items.shift();
        this.#payCredit();
        return { done: false, value };
      }
      if (this.#error !== null) {
        const error = this.#error;
        this.#error = null;
        throw error;
      }
      if (this.#ended) return { done: true, value: undefined };
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Called if the reader stops early. The generator in the replica ends too. */
  async return(): Promise<IteratorResult<unknown>> {
    if (!this.#ended) this.#cancel();
    this.#ended = true;
    this.#items.clear();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #payCredit(): void {
    if (this.#owedCredit === 0 || this.#items.size >= MAX_WAITING_ITEMS) return;
    this.#consumed(this.#owedCredit);
    this.#owedCredit = 0;
  }

  #signal(): void {
    const wake = this.#wake;
    this.#wake = null;
    wake?.();
  }
}
