/** Counts the requests in progress, and informs when there are few enough. */
export class Slots {
  ongoing = 0;
  /** Number of those that continue long after they were cancelled. */
  stuck = 0;
  readonly #waiters = new Set<() => void>();

  take(): void {
    this.ongoing += 1;
  }

  release(): void {
    this.ongoing -= 1;
    this.changed();
  }

  /** To be called when a condition of `until` may have changed. */
  changed(): void {
    if (this.#waiters.size === 0) return;
    for (const waiter of [...this.#waiters]) waiter();
  }

  /** Resolves with the number of requests in progress when `done` returns true or `timeoutMs` have passed. */
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
