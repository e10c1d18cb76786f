import type { IncomingStream } from './incoming-call.js';
import type { Outbox } from './outbox.js';

/** The calls that arrived in one read. All their STARTED frames leave in one write, and user code runs only when the operating system has them. */
export class CallBatch {
  readonly #outbox: Outbox;
  #isOpen = false;
  #isStarted = false;
  #runs: (() => void)[] = [];
  #calls: IncomingStream[] = [];

  constructor(outbox: Outbox) {
    this.#outbox = outbox;
  }

  open(): void {
    this.#isOpen = true;
  }

  /** To be called when a STARTED frame was written. */
  started(): void {
    if (this.#isOpen) this.#isStarted = true;
    else this.#outbox.flush();
  }

  add(run: () => void, call: IncomingStream): void {
    this.#runs.push(run);
    this.#calls.push(call);
  }

  /** @param beforeRun called just before user code runs; not called if there is none to run */
  close(beforeRun: (calls: readonly IncomingStream[]) => void): void {
    this.#isOpen = false;
    if (this.#isStarted) this.#outbox.flush();
    this.#isStarted = false;
    if (this.#runs.length === 0) return;
    const runs = this.#runs;
    const calls = this.#calls;
    this.#runs = [];
    this.#calls = [];
    this.#outbox.whenDelivered(() => {
      beforeRun(calls);
      runAll(runs, calls);
    });
  }
}

function runAll(runs: readonly (() => void)[], calls: readonly IncomingStream[]): void {
  for (let i = 0; i < runs.length; i += 1) {
    try {
      (runs[i] as () => void)();
    } catch (error) {
      calls[i]?.fail(error);
    }
  }
}
