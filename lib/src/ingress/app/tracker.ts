/** Finds out when user code has finished a request: its answer has ended, and so has its handler. */
export class Tracker {
  #running = 0;
  #hasBegun = false;
  #isOver = false;
  #isAnswered = false;
  readonly #onOver: () => void;

  constructor(onOver: () => void) {
    this.#onOver = onOver;
  }

  /** Called when a handler was called. @param result what the handler returned */
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

  /** User code has answered, so a handler that was not called yet will not be called. */
  replied(): void {
    this.#hasBegun = true;
    this.#look();
  }

  /** The answer was sent, or the client no longer reads it. */
  answered(): void {
    this.#isAnswered = true;
    this.#look();
  }

  #look(): void {
    // Hooks run before the handler. They are user code as well, so a request whose handler was not called is not over.
    if (this.#isOver || !this.#isAnswered || !this.#hasBegun || this.#running > 0) return;
    this.#isOver = true;
    this.#onOver();
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}
