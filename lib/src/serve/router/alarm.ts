import { afterArrivals, timerMs } from '../../core/index.js';

/** One timer that is set or not. */
export class Alarm {
  #timer: NodeJS.Timeout | null = null;

  get isSet(): boolean {
    return this.#timer !== null;
  }

  /** To be called if it is not set. @param options.keepsAlive whether the process waits for it when nothing else is left to do */
  set(ms: number, ring: () => void, { keepsAlive = false }: { readonly keepsAlive?: boolean } = {}): void {
    const dueAt = performance.now() + ms;
    const over = (): void => {
      // It may have been cleared by what has arrived.
      if (this.#timer !== timer) return;
      this.#timer = null;
      ring();
    };
    const timer = setTimeout(() => afterArrivals(dueAt, over), timerMs(ms));
    this.#timer = timer;
    if (!keepsAlive) timer.unref();
  }

  clear(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
