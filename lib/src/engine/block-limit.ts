import type { Worker } from 'node:worker_threads';
import { toWireError, type WireError } from '../core/index.js';

/** Memory that the main thread and its watcher share. */
export interface SharedLimit {
  /** [0]: from when on (epoch, ms) the main thread may be blocked for only so long; Infinity: as long as it likes. [1]: how long, in ms. */
  readonly times: Float64Array;
  /** [0]: 1 while the watcher looks at it. [1]: counts the watcher's questions that the main thread has answered. [2]: how many calls it works on. */
  readonly counts: Int32Array;
}

/** What the watcher is told when it is to look. */
export interface WatchOrder {
  readonly limit: SharedLimit;
  /** What the process is said to have ended with. */
  readonly error: WireError;
}

/**
 * What the main thread works on, and how long it may be blocked by that. A thread that is in native code, or in a loop, notices nothing, neither
 * a cancel nor a signal; so the thread that watches the owner's pipe tells the owner, and ends the process if it has to.
 */
export class BlockLimit {
  readonly #limit: SharedLimit = {
    times: new Float64Array(new SharedArrayBuffer(16)),
    counts: new Int32Array(new SharedArrayBuffer(12)),
  };
  #thread: Worker | null = null;
  #order: WatchOrder | null = null;

  constructor() {
    this.#limit.times[0] = Number.POSITIVE_INFINITY;
  }

  /** The watcher runs from now on. */
  attach(thread: Worker): void {
    this.#thread = thread;
    thread.on('message', () => Atomics.add(this.#limit.counts, 1, 1));
    if (this.#order !== null) thread.postMessage(this.#order);
  }

  /**
   * @param calls how many are worked on from now on
   * @param fromMs epoch; Infinity for no limit
   * @param makeError what the process ends with; called when the watcher is told to look
   */
  set(calls: number, fromMs: number, forMs: number, makeError: () => Error): void {
    const { times, counts } = this.#limit;
    times[1] = forMs;
    times[0] = fromMs;
    counts[2] = calls;
    // Read without a fence first, which costs a request ten times as much: the watcher looks once more after it has said that it goes.
    if (calls === 0 || counts[0] === 1 || Atomics.exchange(counts, 0, 1) === 1) return;
    this.#order = { limit: this.#limit, error: toWireError(makeError()) };
    this.#thread?.postMessage(this.#order);
  }
}
