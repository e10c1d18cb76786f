import type { HedgingConfig } from '../protocol/index.js';

/** So many extra requests may come at once after a time that needed none. */
const MOST_TOKENS = 10;

/**
 * Bounds the extra requests of hedging: of n requests at most `1 + maxExtra · n` are sent twice. A token bucket that requests fill, as
 * `retryThrottling` of gRPC (A6) does it.
 */
export class HedgeBudget {
  readonly delayMs: number;
  readonly #maxExtra: number;
  #tokens = 1;

  constructor({ delayMs, maxExtra }: HedgingConfig) {
    this.delayMs = delayMs;
    this.#maxExtra = maxExtra;
  }

  isFor({ delayMs, maxExtra }: HedgingConfig): boolean {
    return delayMs === this.delayMs && maxExtra === this.#maxExtra;
  }

  /** A request came. */
  earn(): void {
    this.#tokens = Math.min(MOST_TOKENS, this.#tokens + this.#maxExtra);
  }

  /** False: no more extra requests for now. */
  take(): boolean {
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  /** No replica was there for one that was taken. */
  giveBack(): void {
    this.#tokens += 1;
  }
}
