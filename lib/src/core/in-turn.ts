/** Runs pieces of work one after the other, in the order of the calls. One that fails does not keep the next one from running. */
export class InTurn {
  #last: Promise<unknown> = Promise.resolve();

  run<T>(work: () => T | Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => {});
    return done;
  }

  /** Resolves when the work that was given until now has ended. */
  async ended(): Promise<void> {
    await this.#last;
  }
}
