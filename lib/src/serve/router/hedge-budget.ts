import type { HedgingConfig } from '../protocol/index.js';

/** Largest number of extra requests that may be sent at once after a time without any. */
const MOST_TOKENS = 10;

/**
 * Limits the extra requests of hedging: of n requests, at most `1 + maxExtra · n` are sent twice. It is a token bucket that each request fills a
 * little, as `retryThrottling` of gRPC (A6).
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

  /** To be called for each request. */
  earn(): void {
    this.#tokens = Math.min(MOST_TOKENS, this.#tokens + this.#maxExtra);
  }

  /** If it returns false, no extra request may be sent now. */
  take(): boolean {
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  /** Returns a token, because no replica was available. */
  giveBack(): void {
    this.#tokens += 1;
  }
}

/** The budget for these options: the current one if it is for the same. */
export function hedgeBudgetFor(current: HedgeBudget | null, hedging: HedgingConfig | undefined): HedgeBudget | null {
  if (hedging === undefined) return null;
  return current?.isFor(hedging) === true ? current : new HedgeBudget(hedging);
}
