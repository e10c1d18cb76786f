import { inOwnTurn } from '../control/index.js';
import type { ExecuteOptions, Outcome, Session } from '../session/index.js';

/** How long an interrupted session may take to end its cell itself. */
const GRACE_MS = 100;

const INTERRUPTED: Outcome = {
  status: 'error',
  ename: 'KeyboardInterrupt',
  evalue: 'the cell was interrupted',
  traceback: ['KeyboardInterrupt: the cell was interrupted'],
};

function broken(error: unknown): Outcome {
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  return { status: 'error', ename: name, evalue: message, traceback: (stack ?? `${name}: ${message}`).split('\n') };
}

/** Runs one cell at a time and sees to it that each one ends, terminated code included. */
export class CellRunner {
  #finish: ((outcome: Outcome) => void) | undefined;
  /** The session that runs the cell; undefined until it starts. */
  #session: Session | undefined;
  readonly #interrupts: () => number;
  #dealtWith = 0;

  /** @param interrupts how many were asked for by now */
  constructor(interrupts: () => number = () => 0) {
    this.#interrupts = interrupts;
  }

  /** How many interrupts had been asked for when one of them ended a cell. */
  get dealtWith(): number {
    return this.#dealtWith;
  }

  /** Never rejects. The outcome arrives in a turn of its own. */
  run(session: Promise<Session>, code: string, options: ExecuteOptions): Promise<Outcome> {
    return new Promise((resolve) => {
      let before = this.#interrupts();
      const finish = (outcome: Outcome): void => {
        if (this.#finish !== finish) return;
        this.#finish = undefined;
        this.#session = undefined;
        // It may have ended with what it waited for (a child that got the signal) before this thread could be told.
        const interrupted = this.#interrupts() !== before;
        if (interrupted) this.#dealtWith = this.#interrupts();
        inOwnTurn(() => resolve(interrupted && outcome.status === 'ok' ? INTERRUPTED : outcome));
      };
      this.#finish = finish;
      session.then(
        (ready) => {
          inOwnTurn(() => {
            // Interrupted before it began.
            if (this.#finish !== finish) return;
            this.#session = ready;
            before = this.#interrupts();
            // Terminated code never returns from here, and its promise never settles: see interrupt().
            ready.execute(code, options).then(finish, (error: unknown) => finish(broken(error)));
          });
        },
        (error: unknown) => finish(broken(error)),
      );
    });
  }

  /** Ends the cell that runs, if one does. */
  interrupt(): void {
    const finish = this.#finish;
    if (!finish) return;
    if (!this.#session) {
      finish(INTERRUPTED);
      return;
    }
    try {
      this.#session.interrupt();
    } finally {
      setTimeout(() => finish(INTERRUPTED), GRACE_MS);
    }
  }
}
