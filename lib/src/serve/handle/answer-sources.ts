import { afterArrivals } from '../../core/index.js';
import type { PassedAnswer } from '../protocol/index.js';

/** A call whose answer can be passed to other calls. */
interface Source {
  /** The answer for another call, which calls `drop` when it has ended. */
  pass(): Promise<PassedAnswer>;
  drop(): void;
}

/** The calls whose answers are arguments of one call. */
export class AnswerSources {
  readonly #calls: readonly Source[];
  #timer: NodeJS.Timeout | null = null;

  constructor(calls: readonly Source[]) {
    this.#calls = calls;
  }

  /**
   * Waits for all answers. Rejects with the first error.
   * @param onTimeout called if they have not all come in time
   * @returns the answers, and what is left of the time
   */
  async take(
    timeoutMs: number | undefined,
    onTimeout: (timeoutMs: number) => void,
  ): Promise<{ answers: readonly PassedAnswer[]; leftMs?: number }> {
    const expiresAt = performance.now() + (timeoutMs ?? 0);
    if (timeoutMs !== undefined) {
      const giveUp = (): void => {
        // It may have been stopped by what has arrived.
        if (this.#timer !== null) onTimeout(timeoutMs);
      };
      this.#timer = setTimeout(() => afterArrivals(expiresAt, giveUp), timeoutMs);
    }
    const answers = await Promise.all(this.#calls.map((call) => call.pass()));
    this.#stopTimer();
    return timeoutMs === undefined ? { answers } : { answers, leftMs: Math.max(0, expiresAt - performance.now()) };
  }

  /** The call has ended: it needs no answer any more. */
  end(): void {
    this.#stopTimer();
    for (const call of this.#calls) call.drop();
  }

  #stopTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
