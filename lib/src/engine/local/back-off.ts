const FIRST_MS = 100;
const MAX_MS = 5000;
const STABLE_MS = 10_000;

/**
 * How long to wait before a process is started again: at once after the first end, then 100 ms, 200 ms, … up to 5 s.
 * One that ran for 10 s counts as well again.
 */
export class BackOff {
  #failures = 0;

  /** @param ranMs how long the run that just ended had lasted */
  next(ranMs: number): number {
    if (ranMs >= STABLE_MS) this.#failures = 0;
    const wait = this.#failures === 0 ? 0 : Math.min(MAX_MS, FIRST_MS * 2 ** (this.#failures - 1));
    this.#failures++;
    return wait;
  }
}
