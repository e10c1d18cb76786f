import type { ExecuteOptions, Outcome, Session } from '../session/index.js';
import { inOwnTurn, laterInOwnTurn } from './turns.js';

/** How long an interrupted session may take to end its cell itself. */
const GRACE_MS = 100;

/** A cell may arrive so much later than an interrupt that was sent after it. */
const SKEW_MS = 25;
/** And so many turns read what another socket has brought: the thread may have been busy all that time. */
const ARRIVAL_TURNS = 3;

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
  /** An interrupt found no cell. One that was sent before it may be on its way: they come by two sockets. */
  #isExpecting = false;

  /** Never rejects. The outcome arrives in a turn of its own. */
  run(session: Promise<Session>, code: string, options: ExecuteOptions): Promise<Outcome> {
    if (this.#isExpecting) {
      this.#isExpecting = false;
      return new Promise((resolve) => inOwnTurn(() => resolve(INTERRUPTED)));
    }
    return new Promise((resolve) => {
      const finish = (outcome: Outcome): void => {
        if (this.#finish !== finish) return;
        this.#finish = undefined;
        this.#session = undefined;
        inOwnTurn(() => resolve(outcome));
      };
      this.#finish = finish;
      session.then(
        (ready) => {
          inOwnTurn(() => {
            // Interrupted before it began.
            if (this.#finish !== finish) return;
            this.#session = ready;
            // Terminated code never returns from here, and its promise never settles: see interrupt().
            ready.execute(code, options).then(finish, (error: unknown) => finish(broken(error)));
          });
        },
        (error: unknown) => finish(broken(error)),
      );
    });
  }

  /**
   * Ends the cell that runs. Where none does, it ends one that arrives just now: it comes by another socket, and while TypeScript loads nothing is read.
   * @param terminated something else was ended, so no cell is looked for
   * @param done called when what is sent from now on will run
   */
  interrupt(terminated: boolean, done: () => void): void {
    const finish = this.#finish;
    if (!finish && !terminated) {
      this.#expect(done);
      return;
    }
    try {
      if (this.#session) this.#session.interrupt();
      else finish?.(INTERRUPTED);
    } finally {
      setTimeout(() => finish?.(INTERRUPTED), GRACE_MS);
      done();
    }
  }

  // No promises: a termination may drop their microtasks.
  #expect(done: () => void): void {
    let turns = ARRIVAL_TURNS;
    this.#isExpecting = true;
    const pass = (): void => {
      turns -= 1;
      if (turns > 0 && this.#isExpecting) {
        inOwnTurn(pass);
        return;
      }
      this.#isExpecting = false;
      done();
    };
    laterInOwnTurn(SKEW_MS, pass);
  }
}
