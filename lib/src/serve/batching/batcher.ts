import { type Clock, Fifo } from '../../core/index.js';
import { BatchPlaces } from './batch-places.js';
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
  /** Shared with other batchers. @default places of its own */
  readonly places?: BatchPlaces;
  /** Works on a batch. Never throws. */
  readonly run: (items: readonly I[], place: BatchPlace) => void;
  /** Called when no item waits and no batch runs. */
  readonly onIdle?: () => void;
}

interface Waiting<I> {
  readonly item: I;
  readonly since: number;
  isWithdrawn: boolean;
}

/** The queue is rebuilt without its withdrawn items when these are more than the items that wait, and this many. */
const WITHDRAWN_KEPT = 64;

/**
 * Divides a sequence of items into batches, in order. If a place is free, a batch starts when `maxBatchSize` items wait, or when the first item has
 * waited for `batchWaitTimeoutMs`.
 */
export class Batcher<I> {
  #settings: BatchSettings;
  readonly #init: BatcherInit<I>;
  readonly #places: BatchPlaces;
  readonly #place: BatchPlace;
  /** In order, with some that are withdrawn. */
  #queue = new Fifo<Waiting<I>>();
  /** Those that wait. */
  readonly #waiting = new Map<I, Waiting<I>>();
  #running = 0;
  #cancelTimer: (() => void) | null = null;

  constructor(init: BatcherInit<I>) {
    this.#init = init;
    this.#settings = init.settings;
    this.#places = init.places ?? new BatchPlaces(init.settings.maxConcurrentBatches);
    this.#place = {
      release: () => {
        this.#running -= 1;
        this.#places.release();
        this.#pump();
      },
      take: () => {
        this.#running += 1;
        this.#places.take();
      },
    };
  }

  /** @param items each of them once in this batcher's life */
  add(items: readonly I[]): void {
    const since = this.#init.clock.now();
    for (const item of items) {
      const waiting = { item, since, isWithdrawn: false };
      this.#queue.push(waiting);
      this.#waiting.set(item, waiting);
    }
    this.#pump();
  }

  /** Removes those of the items that still wait. It costs the same however many others wait. */
  withdraw(items: readonly I[]): void {
    for (const item of items) {
      const waiting = this.#waiting.get(item);
      if (waiting === undefined) continue;
      waiting.isWithdrawn = true;
      this.#waiting.delete(item);
    }
    if (this.#queue.size > 2 * this.#waiting.size + WITHDRAWN_KEPT) {
      const left = new Fifo<Waiting<I>>();
      for (const waiting of this.#queue) if (!waiting.isWithdrawn) left.push(waiting);
      this.#queue = left;
    }
    this.#clearTimer();
    this.#pump();
  }

  set settings(settings: BatchSettings) {
    this.#settings = settings;
    this.#clearTimer();
    this.#places.limit = settings.maxConcurrentBatches;
    this.#pump();
  }

  /** Called when its turn for a free place has come. A batch that is due takes the place now: a timer would lose it to the next batcher. */
  readonly #go = (): void => {
    const first = this.#first();
    if (first !== undefined && this.#leftOf(first) <= 0) this.#start();
    this.#pump();
  };

  #pump(): void {
    const { maxBatchSize } = this.#settings;
    while (this.#places.isFree && this.#waiting.size >= maxBatchSize) this.#start();
    const first = this.#first();
    if (first === undefined) {
      this.#places.leave(this.#go);
      if (this.#running === 0) this.#init.onIdle?.();
      return;
    }
    if (!this.#places.isFree) this.#places.wait(this.#go);
    if (this.#cancelTimer !== null || !this.#places.isFree) return;
    this.#cancelTimer = this.#init.clock.after(Math.max(0, this.#leftOf(first)), () => {
      this.#cancelTimer = null;
      if (this.#places.isFree) this.#start();
      this.#pump();
    });
  }

  /** For how long it may still wait, in milliseconds. Not positive if it is due. */
  #leftOf({ since }: Waiting<I>): number {
    return since + this.#settings.batchWaitTimeoutMs - this.#init.clock.now();
  }

  #start(): void {
    // The timer belongs to the item that was the first one.
    this.#clearTimer();
    const items: I[] = [];
    while (items.length < this.#settings.maxBatchSize) {
      const next = this.#first();
      if (next === undefined) break;
      this.#queue.shift();
      this.#waiting.delete(next.item);
      items.push(next.item);
    }
    this.#running += 1;
    this.#places.take();
    this.#init.run(items, this.#place);
  }

  /** The one that has waited longest. */
  #first(): Waiting<I> | undefined {
    while (this.#queue.first?.isWithdrawn === true) this.#queue.shift();
    return this.#queue.first;
  }

  #clearTimer(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
  }
}
