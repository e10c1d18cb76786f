import type { BatchPlace } from './batcher.js';
import { END, failureOf, ownErrors } from './failure.js';
import { callsOf, checkResults, type Item } from './item.js';
import type { StreamCall } from './stream-call.js';

/** This many lists are made ahead of the fastest reader. For slower readers, their lists are kept. */
export const LISTS_AHEAD = 16;

export interface StreamBatchInit {
  /** Names the method in messages. */
  readonly method: string;
  readonly items: readonly Item<StreamCall>[];
  readonly place: BatchPlace;
  readonly onEnd: () => void;
}

/**
 * One run of a batched generator. While no reader wants a list, it rests and releases its place: a client that stops reading must not delay later
 * batches.
 */
export class StreamBatch {
  readonly #init: StreamBatchInit;
  readonly #calls: ReadonlySet<StreamCall>;
  readonly #own = ownErrors();
  #iterator: AsyncIterator<unknown> | null = null;
  #isResting = false;

  constructor(init: StreamBatchInit) {
    this.#init = init;
    this.#calls = callsOf(init.items);
  }

  /** Never rejects. */
  async run(invoke: (values: unknown[]) => AsyncIterable<unknown>): Promise<void> {
    const { items } = this.#init;
    for (const call of this.#calls) call.listeners.add(this.#onReader);
    try {
      this.#iterator = invoke(items.map(({ value }) => value))[Symbol.asyncIterator]();
    } catch (error) {
      this.#finish(error);
      return;
    }
    await this.#work(this.#iterator);
  }

  async #work(iterator: AsyncIterator<unknown>): Promise<void> {
    try {
      for (;;) {
        const readers = [...this.#calls].filter((call) => !call.isOver);
        if (readers.length === 0) {
          await iterator.return?.();
          break;
        }
        if (readers.every((call) => call.unread >= LISTS_AHEAD)) {
          this.#isResting = true;
          this.#init.place.release();
          return;
        }
        const { done, value } = await iterator.next();
        if (done === true) break;
        await this.#deliver(iterator, value);
      }
    } catch (error) {
      this.#finish(error);
      return;
    }
    this.#finish();
  }

  async #deliver(iterator: AsyncIterator<unknown>, value: unknown): Promise<void> {
    const { method, items } = this.#init;
    let list: readonly unknown[];
    try {
      list = checkResults(method, items, value);
    } catch (error) {
      // The error is reported to the calls, so it does not matter how the generator ends after that.
      await iterator.return?.().catch(() => {});
      throw error;
    }
    const ended: Item<StreamCall>[] = [];
    const given = new Map<StreamCall, Map<number, unknown>>();
    items.forEach((item, i) => {
      const { call, index } = item;
      const entry = list[i];
      if (entry === undefined || !call.isOpen(index)) return;
      const failure = failureOf(entry);
      if (entry === END) ended.push(item);
      else if (failure !== undefined) call.fail(this.#own(failure.reason));
      else given.set(call, (given.get(call) ?? new Map<number, unknown>()).set(index, entry));
    });
    for (const [call, entries] of given) if (!call.isOver) call.push(entries);
    for (const { call, index } of ended) call.endItem(index);
  }

  #finish(...failure: [reason: unknown] | []): void {
    const { items, place, onEnd } = this.#init;
    for (const call of this.#calls) {
      call.listeners.delete(this.#onReader);
      if (failure.length === 1 && !call.isOver) call.fail(this.#own(failure[0]));
    }
    for (const { call, index } of items) if (call.isOpen(index)) call.endItem(index);
    onEnd();
    place.release();
  }

  readonly #onReader = (): void => {
    if (!this.#isResting || this.#iterator === null) return;
    this.#isResting = false;
    this.#init.place.take();
    void this.#work(this.#iterator);
  };
}
