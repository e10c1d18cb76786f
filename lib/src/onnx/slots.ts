import { imageThreads, poolThreads } from '../core/index.js';

/** Places for work on libuv's pool. Work that finds none waits for its turn. */
export class Slots {
  #free: number;
  readonly #waiting = new Set<() => void>();

  constructor(count: number) {
    this.#free = count;
  }

  /** Takes a place if one is free. */
  tryTake(): boolean {
    if (this.#free === 0) return false;
    this.#free -= 1;
    return true;
  }

  /** Calls `go` when a place is free, which it then has. @returns a function that stops to wait, and says whether it did */
  wait(go: () => void): () => boolean {
    this.#waiting.add(go);
    return () => this.#waiting.delete(go);
  }

  give(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#free += 1;
      return;
    }
    this.#waiting.delete(next);
    next();
  }

  /** Does work when a place is free. @throws the reason of the signal if it is aborted before that, and what the work throws */
  async within<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    if (!this.tryTake())
      await new Promise<void>((resolve, reject) => {
        const leave = this.wait(resolve);
        // A place that was given is not lost: then the promise is settled, and there is nothing to leave.
        signal?.addEventListener('abort', () => leave() && reject(signal.reason), { once: true });
      });
    try {
      return await work();
    } finally {
      this.give();
    }
  }
}

/** Those of runs: one thread of the pool is left, so that whatever reads a file or looks up a host name does not wait for a model. */
export const runSlots = new Slots(Math.max(1, poolThreads() - 1));
/** Those of pictures. A process with a cpu share has one thread more than that, which pictures may not take. */
export const pictureSlots = new Slots(imageThreads() ?? Number.POSITIVE_INFINITY);
