import { type Clock, Fifo } from '../../core/index.js';
import type { BatchSettings } from './options.js';

/** One of the `maxConcurrentBatches` places. A batch occupies one when it starts. */
export interface BatchPlace {
  /** Makes the place free for the next batch. */
  release(): void;
  /** Occupies the place again, because a resting batch continues. It does not wait, because the batch has begun already. */
  take(): void;
}

export interface BatcherInit<I> {
  readonly settings: BatchSettings;
  readonly clock: Clock;
  /** Works on a batch. Never throws. */
  readonly run: (items: readonly I[], place: BatchPlace) => void;
  /** Called when no item waits and no batch runs. */
  readonly onIdle?: () => void;
}

/**
 * Divides a sequence of items into batches, in order. If a place is free, a batch starts when `maxBatchSize` items wait, or when the first item has
 * waited for `batchWaitTimeoutMs`.
 */
export class Batcher<I> {
  #settings: BatchSettings;
  readonly #init: BatcherInit<I>;
  readonly #place: BatchPlace;
  #waiting = new Fifo<{ readonly item: I; readonly since: number }>();
  #running = 0;
  #cancelTimer: (() => void) | null = null;

  constructor(init: BatcherInit<I>) {
    this.#init = init;
    this.#settings = init.settings;
    this.#place = {
      release: () => {
        this.#running -= 1;
        this.#pump();
      },
      take: () => {
        this.#running += 1;
      },
    };
  }

  add(items: readonly I[]): void {
    const since = this.#init.clock.now();
    for (const item of items) this.#waiting.push({ item, since });
    this.#pump();
  }

  /** Removes the waiting items for which `isOver` returns true. */
  withdraw(isOver: (item: I) => boolean): void {
    const left = new Fifo<{ readonly item: I; readonly since: number }>();
    for (const waiting of this.#waiting) if (!isOver(waiting.item)) left.push(waiting);
    this.#waiting = left;
    this.#clearTimer();
    this.#pump();
  }

  set settings(settings: BatchSettings) {
    this.#settings = settings;
    this.#clearTimer();
    this.#pump();
  }

  #pump(): void {
    const { maxBatchSize, batchWaitTimeoutMs } = this.#settings;
    while (this.#hasPlace && this.#waiting.size >= maxBatchSize) this.#start();
    const { first } = this.#waiting;
    if (first === undefined) {
      if (this.#running === 0) this.#init.onIdle?.();
      return;
    }
    if (this.#cancelTimer !== null || !this.#hasPlace) return;
    const { clock } = this.#init;
    const left = first.since + batchWaitTimeoutMs - clock.now();
    this.#cancelTimer = clock.after(Math.max(0, left), () => {
      this.#cancelTimer = null;
      if (this.#hasPlace) this.#start();
      this.#pump();
    });
  }

  #start(): void {
    // The timer belongs to the item that was the first one.
    this.#clearTimer();
    const items: I[] = [];
    while (items.length < this.#settings.maxBatchSize) {
      const next = this.#waiting.shift();
      if (next === undefined) break;
      items.push(next.item);
    }
    this.#running += 1;
    this.#init.run(items, this.#place);
  }

  #clearTimer(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
  }

  get #hasPlace(): boolean {
    return this.#running < this.#settings.maxConcurrentBatches;
  }
}
