/** Counts the requests that user code works on, and tells when there are few enough. */
export class Slots {
  ongoing = 0;
  /** Of these, such that go on long after they were cancelled. */
  stuck = 0;
  readonly #waiters = new Set<() => void>();

  take(): void {
    this.ongoing += 1;
  }

  release(): void {
    this.ongoing -= 1;
    if (this.#waiters.size === 0) return;
    for (const waiter of [...this.#waiters]) waiter();
  }

  /** Resolves with what is left once `done` says so, or `timeoutMs` have passed. */
  async until(done: () => boolean, timeoutMs: number): Promise<number> {
    if (done()) return this.ongoing;
    await new Promise<void>((resolve) => {
      const finish = (): void => {
        clearTimeout(timer);
        this.#waiters.delete(check);
        resolve();
      };
      const check = (): void => {
        if (done()) finish();
      };
      const timer = setTimeout(finish, timeoutMs);
      this.#waiters.add(check);
    });
    return this.ongoing;
  }
}
