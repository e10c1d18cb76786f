import type { Worker } from 'node:worker_threads';
import { toWireError, type WireError } from '../core/index.js';

/** Memory that the main thread and the watcher's thread share. */
export interface SharedLimit {
  /** [0]: from this time on (epoch, ms) there is a limit on how long the main thread may be blocked; Infinity means no limit. [1]: the limit, in ms. */
  readonly times: Float64Array;
  /** [0]: 1 while the watcher watches, else 0. [1]: how many of the watcher's questions the main thread has answered. [2]: how many calls it works on. */
  readonly counts: Int32Array;
}

/** The watcher's question, which the main thread answers as soon as its event loop turns. */
export const DO_YOU_TURN = 'do you turn?';

/** The message that makes the watcher watch the main thread. */
export interface WatchOrder {
  readonly limit: SharedLimit;
  /** The error that is reported if the watcher ends the process. */
  readonly error: WireError;
}

/**
 * How many calls the main thread works on, and how long they may block it. A thread that is in native code or in a loop sees neither a cancel nor a
 * signal. So the thread that watches the owner's pipe reports to the owner that the main thread is blocked, and ends the process after the limit.
 */
export class BlockLimit {
  readonly #limit: SharedLimit = {
    times: new Float64Array(new SharedArrayBuffer(16)),
    counts: new Int32Array(new SharedArrayBuffer(12)),
  };
  #thread: Worker | undefined;
  #order: WatchOrder | undefined;

  constructor() {
    this.#limit.times[0] = Number.POSITIVE_INFINITY;
  }

  /** Call this when the watcher's thread has been started. */
  attach(thread: Worker): void {
    this.#thread = thread;
    thread.on('message', (message: unknown) => {
      if (message === DO_YOU_TURN) Atomics.add(this.#limit.counts, 1, 1);
    });
    if (this.#order !== undefined) thread.postMessage(this.#order);
  }

  /**
   * @param calls how many calls the main thread works on from now on
   * @param fromMs when the limit begins, in ms since the epoch; Infinity for no limit
   * @param forMs how long the main thread may be blocked after that, in ms
   * @param makeError makes the error that the process ends with; called when the watcher begins to watch
   */
  set(calls: number, fromMs: number, forMs: number, makeError: () => Error): void {
    const { times, counts } = this.#limit;
    times[1] = forMs;
    times[0] = fromMs;
    counts[2] = calls;
    // First a read without a fence, because a fence costs a request ten times as much. It is safe: the watcher looks once more after it has set the 0.
    if (calls === 0 || counts[0] === 1 || Atomics.exchange(counts, 0, 1) === 1) return;
    this.#order = { limit: this.#limit, error: toWireError(makeError()) };
    this.#thread?.postMessage(this.#order);
  }
}
