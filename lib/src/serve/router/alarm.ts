import { timerMs } from '../../core/index.js';

/** One timer that is set or not. */
export class Alarm {
  #timer: NodeJS.Timeout | null = null;

  get isSet(): boolean {
    return this.#timer !== null;
  }

  /** To be called if it is not set. @param options.keepsAlive whether the process waits for it when nothing else is left to do */
  set(ms: number, ring: () => void, { keepsAlive = false }: { readonly keepsAlive?: boolean } = {}): void {
    this.#timer = setTimeout(() => {
      this.#timer = null;
      ring();
    }, timerMs(ms));
    if (!keepsAlive) this.#timer.unref();
  }

  clear(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
