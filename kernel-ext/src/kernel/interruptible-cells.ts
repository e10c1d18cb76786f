import { inOwnTurn } from '../control/index.js';
import { KeyboardInterrupt } from '../guard/index.js';
import type { ErrorOutcome, ExecuteOptions, Outcome, Session } from '../session/index.js';

/** How long an interrupted session may take to end its cell. */
const GRACE_MS = 100;

/** The outcome of a cell for which the kernel itself has failed. */
export function failedWith(error: unknown): ErrorOutcome {
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  return { status: 'error', ename: name, evalue: message, traceback: (stack ?? `${name}: ${message}`).split('\n') };
}

const INTERRUPTED = failedWith(new KeyboardInterrupt());

/** Runs one cell at a time, and makes sure that each one ends, also if its code was terminated. */
export class InterruptibleCells {
  #finish: ((outcome: Outcome) => void) | undefined;
  /** The session that runs the cell; undefined until it starts. */
  #session: Session | undefined;
  readonly #interrupts: () => number;
  readonly #subshell: string;
  #dealtWith = 0;

  /** @param interrupts returns how many interrupts were requested until now @param subshell whose cells it runs; '' stands for the notebook's own */
  constructor(interrupts: () => number = () => 0, subshell = '') {
    this.#interrupts = interrupts;
    this.#subshell = subshell;
  }

  /** How many interrupts had been requested when one of them last ended a cell. */
  get dealtWith(): number {
    return this.#dealtWith;
  }

  /** Runs a cell. Never rejects. The outcome arrives in its own turn of the event loop. */
  run(session: Promise<Session>, code: string, options: Omit<ExecuteOptions, 'subshell'>): Promise<Outcome> {
    return new Promise((resolve) => {
      let before = this.#interrupts();
      const finish = (outcome: Outcome): void => {
        if (this.#finish !== finish) return;
        this.#finish = undefined;
        this.#session = undefined;
        // The cell may have ended because a child for which it waited got the signal, before the interrupt was reported to this thread.
        const interrupted = this.#interrupts() !== before;
        if (interrupted) this.#dealtWith = this.#interrupts();
        // Then the outcome says what became of the child, e.g. that its command failed.
        const isOwn = outcome.status === 'error' && outcome.ename === INTERRUPTED.ename;
        inOwnTurn(() => resolve(interrupted && !isOwn ? INTERRUPTED : outcome));
      };
      this.#finish = finish;
      session.then(
        (ready) => {
          inOwnTurn(() => {
            // It was interrupted before it began.
            if (this.#finish !== finish) return;
            this.#session = ready;
            before = this.#interrupts();
            // If the code is terminated, this never returns, and its promise never settles. See interrupt().
            ready
              .execute(code, { ...options, subshell: this.#subshell })
              .then(finish, (error: unknown) => finish(failedWith(error)));
          });
        },
        (error: unknown) => finish(failedWith(error)),
      );
    });
  }

  /** Ends the running cell, if there is one. */
  interrupt(): void {
    const finish = this.#finish;
    if (!finish) return;
    if (!this.#session) {
      finish(INTERRUPTED);
      return;
    }
    try {
      this.#session.interrupt(this.#subshell);
    } finally {
      setTimeout(() => finish(INTERRUPTED), GRACE_MS);
    }
  }
}
