import type { Clock } from '../../../core/index.js';
import type { ExitReport } from '../../../engine/index.js';

/** The operating system reports a broken connection, and the agent the end of a process. The first waits this long for the second. */
const REPORT_MS = 1000;

/** Keeps how processes ended, for code that only sees a broken connection. */
export class ExitReports {
  readonly #clock: Clock;
  readonly #known = new Map<string, ExitReport>();
  readonly #waiters = new Map<string, (exit: ExitReport | null) => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(id: string, exit: ExitReport): void {
    this.#known.set(id, exit);
    this.#waiters.get(id)?.(exit);
  }

  forget(id: string): void {
    this.#known.delete(id);
  }

  /** Resolves with `null` if no report comes in time. */
  of(id: string): Promise<ExitReport | null> {
    const known = this.#known.get(id);
    if (known !== undefined) return Promise.resolve(known);
    return new Promise((resolve) => {
      const settle = (exit: ExitReport | null): void => {
        cancel();
        this.#waiters.delete(id);
        resolve(exit);
      };
      const cancel = this.#clock.after(REPORT_MS, () => settle(null));
      this.#waiters.set(id, settle);
    });
  }
}
