import type { Clock } from './time.js';

/** Lets all code that waits for promises continue. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 50; i += 1) await Promise.resolve();
}

/** A clock that advances only when the test says so. */
export class HandClock implements Clock {
  #now: number;
  readonly #timers = new Set<{ readonly at: number; readonly action: () => void }>();

  /** @param now in milliseconds */
  constructor(now = 0) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  after(delayMs: number, action: () => void): () => void {
    const timer = { at: this.#now + delayMs, action };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  get isPending(): boolean {
    return this.#timers.size > 0;
  }

  /** Runs what is due until then, including what becomes due meanwhile. */
  advance(ms: number): void {
    const end = this.#now + ms;
    while (this.#runNext(end)) {}
    this.#now = end;
  }

  /** Does the same, and lets code that waits for promises continue before and after each timer. */
  async pass(ms: number): Promise<void> {
    const end = this.#now + ms;
    do await settle();
    while (this.#runNext(end));
    this.#now = end;
    await settle();
  }

  #runNext(end: number): boolean {
    const [due] = [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
    if (due === undefined) return false;
    this.#timers.delete(due);
    this.#now = Math.max(this.#now, due.at);
    due.action();
    return true;
  }
}
