/** Steps of {@link AdditiveSequence}, in units of 2⁻³²: those of the golden ratio and of √2. Two sequences with these steps are not correlated. */
export const GOLDEN_STEP = 0x9e3779b9;
export const SILVER_STEP = 0x6a09e667;

/**
 * Numbers that are spread over [0, 1) as evenly as possible: among the first `n`, the share in an interval differs from the interval's length by
 * O(log n / n), while random numbers would differ by O(1 / √n).
 * The proof is in Kuipers and Niederreiter, "Uniform Distribution of Sequences" (1974), chapter 2, theorem 3.4.
 * The state is an integer, so that no rounding errors add up.
 */
export class AdditiveSequence {
  readonly #step: number;
  #state: number;

  /** @param start a number in [0, 1); different proxies must use different ones */
  constructor(step: number, start: number) {
    this.#step = step;
    this.#state = Math.floor(start * 2 ** 32) >>> 0;
  }

  next(): number {
    this.#state = (this.#state + this.#step) >>> 0;
    return this.#state / 2 ** 32;
  }
}
