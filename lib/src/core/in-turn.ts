import { Fifo } from './fifo.js';

/**
 * Runs pieces of work one after the other, in the order of the calls. One that fails does not keep the next one from running. The first one begins at once,
 * and each other one when that before it has ended: if an interrupt of a notebook drops the microtasks of the callers, none waits for ever.
 */
export class InTurn {
  readonly #waiting = new Fifo<() => void>();
  #isBusy = false;

  run<T>(work: () => T | Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const end = (settle: () => void): void => {
        settle();
        this.#next();
      };
      this.#waiting.push(() => {
        settled(work).then(
          (value) => end(() => resolve(value)),
          (error) => end(() => reject(error)),
        );
      });
      if (!this.#isBusy) this.#next();
    });
  }

  /** Resolves when the work that was given until now has ended. */
  async ended(): Promise<void> {
    if (this.#isBusy) await this.run(() => {});
  }

  #next(): void {
    const begin = this.#waiting.shift();
    this.#isBusy = begin !== undefined;
    begin?.();
  }
}

/** An error that the work throws at once is one of its promise, too. An async function would take its promise by another microtask. */
function settled<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return Promise.resolve(work());
  } catch (error) {
    return Promise.reject(error);
  }
}
