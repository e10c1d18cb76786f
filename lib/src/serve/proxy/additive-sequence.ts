/** Steps of {@link AdditiveSequence}, in 2⁻³²: the golden ratio's, and that of √2, which goes with it without falling into step. */
export const GOLDEN_STEP = 0x9e3779b9;
export const SILVER_STEP = 0x6a09e667;

/**
 * Numbers in [0, 1) that fill it as evenly as any: of the first `n`, the part in an interval differs from the interval's length by O(log n / n),
 * and not by O(1 / √n) as random ones do. Kuipers and Niederreiter, "Uniform Distribution of Sequences" (1974), chapter 2, theorem 3.4.
 * Whole numbers, so that it does not drift.
 */
export class AdditiveSequence {
  readonly #step: number;
  #state: number;

  /** @param start in [0, 1): several proxies must not go in step */
  constructor(step: number, start: number) {
    this.#step = step;
    this.#state = Math.floor(start * 2 ** 32) >>> 0;
  }

  next(): number {
    this.#state = (this.#state + this.#step) >>> 0;
    return this.#state / 2 ** 32;
  }
}
