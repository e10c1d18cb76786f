import { MAX_TIMER_MS } from './time.js';

/** Keeps this process alive while work is in progress over connections that do not keep it alive. */
export class KeepAlive {
  #count = 0;
  #timer: NodeJS.Timeout | null = null;

  begin(): void {
    this.#count += 1;
    if (this.#count > 1) return;
    // The notebook runner waits for timers, but not for intervals.
    this.#timer ??= setTimeout(() => this.#timer?.refresh(), MAX_TIMER_MS);
    this.#timer.ref();
  }

  end(): void {
    this.#count -= 1;
    if (this.#count === 0) this.#timer?.unref();
  }

  async during<T>(work: () => Promise<T>): Promise<T> {
    this.begin();
    try {
      return await work();
    } finally {
      this.end();
    }
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
