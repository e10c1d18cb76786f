/** The reports of a function, in the order in which it made them. None is lost, also if the function does not await its reports. */
export class ReportQueue<R> {
  readonly #items: (R | null)[] = [];
  readonly #answers: ((goesOn: boolean) => void)[] = [];
  /** Settles when all reports that were begun are in the queue. */
  #told: Promise<void> = Promise.resolve();
  #wake: () => void = () => {};

  /** Adds a report that wants no answer, after those that were begun. */
  async tell(report: R): Promise<void> {
    await this.#told;
    this.#add(report);
  }

  /**
   * Adds a report, and resolves to the answer to it.
   * @param make makes the report, e.g. after a copy of its checkpoint; it is called when the reports before are in the queue
   * @throws what `make` throws
   */
  ask(make: () => Promise<R>): Promise<boolean> {
    const asked = this.#told.then(async () => {
      const report = await make();
      const answer = new Promise<boolean>((resolve) => this.#answers.push(resolve));
      this.#add(report);
      // The next report is made before this one is answered.
      return { answer };
    });
    const ignore = (): void => {};
    this.#told = asked.then(ignore, ignore);
    return asked.then(({ answer }) => answer);
  }

  /** Answers the oldest report that was asked. */
  answer(goesOn: boolean): void {
    this.#answers.shift()?.(goesOn);
  }

  /** Runs the function, and yields its reports until it has ended and the last one is taken. @throws what the function throws */
  async *during(work: () => Promise<void>): AsyncGenerator<R> {
    const run = async (): Promise<void> => {
      try {
        await work();
      } finally {
        await this.#told;
      }
    };
    const ended = run();
    const end = (): void => this.#add(null);
    ended.then(end, end);
    for (;;) {
      const item = this.#items.shift();
      if (item === undefined) await new Promise<void>((resolve) => (this.#wake = resolve));
      else if (item === null) return await ended;
      else yield item;
    }
  }

  #add(item: R | null): void {
    this.#items.push(item);
    this.#wake();
  }
}
