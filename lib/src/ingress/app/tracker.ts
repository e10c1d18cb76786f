/** Knows whether user code is at work on a request: until its answer is over, and its handler has ended. */
export class Tracker {
  #running = 0;
  #hasBegun = false;
  #isOver = false;
  #isAnswered = false;
  readonly #onOver: () => void;

  constructor(onOver: () => void) {
    this.#onOver = onOver;
  }

  /** A handler has begun. @param result what it returned */
  handled(result: unknown): void {
    this.#hasBegun = true;
    if (isThenable(result)) {
      this.#running += 1;
      const settle = (): void => {
        this.#running -= 1;
        this.#look();
      };
      result.then(settle, settle);
    } else this.#look();
  }

  /** User code answered, so no handler will begin that has not. */
  replied(): void {
    this.#hasBegun = true;
    this.#look();
  }

  /** The answer is out, or nobody takes it any more. */
  answered(): void {
    this.#isAnswered = true;
    this.#look();
  }

  #look(): void {
    // Before the handler are hooks: user code as well.
    if (this.#isOver || !this.#isAnswered || !this.#hasBegun || this.#running > 0) return;
    this.#isOver = true;
    this.#onOver();
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}
