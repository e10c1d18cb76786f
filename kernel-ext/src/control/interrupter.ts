import { GUARD } from './messages.js';
import type { Reach } from './unwind.js';

/** If the main thread does not answer for so long, user code blocks it. */
const SILENCE_MS = 150;
/** How often the thread is checked: whether the guard is set, and whether it runs code that may be terminated. */
const POLL_MS = 5;
/** As how long the time between two checks counts at most. If the machine did not let this thread run, the main thread may not have run either. */
const LATE_MS = 4 * POLL_MS;
/** If it does not answer for so long, more code may be terminated; see {@link Reach}. */
const CALLED_MS = 300;
const ANYTHING_MS = 2000;
/** If the main thread does not answer for this time, the cell says so. A second interrupt after that restarts the kernel, if no code can be terminated. */
const TELL_MS = 1000;
/** If the main thread does not answer for this time, the kernel is restarted. */
const GIVE_UP_MS = 5000;
/** The same limit while the kernel itself works, because loading TypeScript can take long on a slow machine. */
const GUARDED_GIVE_UP_MS = 20_000;

export interface InterrupterDeps {
  readonly shared: Int32Array;
  ping(id: number): void;
  /**
   * Terminates the code that the main thread runs. Resolves when that has happened (true), when there was no code that may be terminated, or when `signal`
   * aborts.
   */
  terminate(reach: Reach, signal: AbortSignal): Promise<boolean>;
  /** The main thread does not answer, and must not be terminated. Ends the process that it waits for, if there is one. */
  release?(): void;
  /** Tells the main thread to end the code that awaits. */
  interrupted(): void;
  /** The main thread still does not answer. @param giveUpInMs in how many ms the kernel is restarted */
  stuck?(giveUpInMs: number): void;
  /** The main thread cannot be interrupted, because it is inside native code. */
  giveUp?(): void;
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Decides whether an interrupt needs a termination. It does only if the main thread does not answer. */
export class Interrupter {
  readonly #deps: InterrupterDeps;
  #pings = 0;
  #running: RunningInterrupt | undefined;
  #stopped = false;

  constructor(deps: InterrupterDeps) {
    this.#deps = deps;
  }

  onPong(id: number): void {
    this.#running?.onPong(id);
  }

  /** Interrupts the main thread. If an interrupt is running, it becomes more urgent. Resolves when the main thread has handled it. */
  interrupt(): Promise<void> {
    if (this.#running) this.#running.urge();
    else if (this.#stopped) return Promise.resolve();
    else {
      const attempt = new RunningInterrupt(this.#deps, () => ++this.#pings);
      this.#running = attempt;
      attempt.begin(() => {
        this.#running = undefined;
      });
    }
    return this.#running?.ended ?? Promise.resolve();
  }

  /** From now on nothing is terminated, because the main thread ends by itself. */
  stop(): void {
    this.#stopped = true;
    this.#running?.end();
  }
}

/** One interrupt, from the request to the main thread's answer. */
class RunningInterrupt {
  ended = Promise.resolve();
  readonly #deps: InterrupterDeps;
  readonly #nextPing: () => number;
  readonly #over = new AbortController();
  #firstPing = 0;
  /** How long the main thread has been silent while the kernel itself did not work, without the time in which this process could not run. */
  #silence = 0;
  /** The same while the kernel itself worked. */
  #guardedSilence = 0;
  /** The {@link #silence} when code was last terminated. */
  #ended = 0;
  #told = false;
  #urged = false;

  constructor(deps: InterrupterDeps, nextPing: () => number) {
    this.#deps = deps;
    this.#nextPing = nextPing;
  }

  begin(ended: () => void): void {
    this.ended = this.#run().then(ended);
  }

  onPong(id: number): void {
    if (id >= this.#firstPing) this.end();
  }

  urge(): void {
    this.#urged = true;
    // The thread answers, but code may await something, and the user sees a cell that does not end.
    this.#deps.interrupted();
  }

  end(): void {
    this.#over.abort();
  }

  async #run(): Promise<void> {
    const over = new Promise<void>((resolve) => {
      this.#over.signal.addEventListener('abort', () => resolve(), { once: true });
    });
    // The interrupt is sent first and the ping after it, so that an answer to the ping means that the interrupt was handled too. The other way
    // round, a thread that answers may begin to loop before it is told.
    this.#deps.interrupted();
    const patience = this.#watch();
    this.#ping();
    await Promise.race([over, sleep(SILENCE_MS)]);
    while (!this.#over.signal.aborted) {
      let wait = POLL_MS;
      // While the kernel itself works, for instance loads TypeScript, a termination would break it.
      if (this.#guarded()) this.#deps.release?.();
      else if (await this.#deps.terminate(this.#reach(), this.#over.signal)) {
        // Now the thread handles the interrupt and gets the full time again, because a termination would hit the kernel's own work.
        this.#ended = this.#silence;
        this.#ping();
        wait = SILENCE_MS;
      }
      await Promise.race([over, sleep(wait)]);
    }
    clearInterval(patience);
  }

  #ping(): void {
    const id = this.#nextPing();
    this.#firstPing ||= id;
    this.#deps.ping(id);
  }

  #reach(): Reach {
    const silence = this.#silence - this.#ended;
    // Before the program is replaced, the kernel's and nbserve's own code is terminated too.
    if (silence > (this.#urged ? TELL_MS : ANYTHING_MS)) return 'anything';
    return silence > CALLED_MS ? 'what user code called' : 'user code';
  }

  /** Checks the time limits with a timer of its own, because a termination may wait for native code that never returns. */
  #watch(): NodeJS.Timeout {
    let before = performance.now();
    return setInterval(() => {
      const now = performance.now();
      const passed = Math.min(now - before, LATE_MS);
      before = now;
      if (this.#guarded()) this.#guardedSilence += passed;
      else this.#silence += passed;
      const silence = this.#silence;
      const isTold = silence >= TELL_MS;
      const isUrgent = this.#urged && silence > TELL_MS + CALLED_MS;
      if (silence > GIVE_UP_MS || silence + this.#guardedSilence > GUARDED_GIVE_UP_MS || isUrgent) {
        this.end();
        this.#deps.giveUp?.();
      } else if (isTold && !this.#told) {
        this.#told = true;
        this.#deps.stuck?.(GIVE_UP_MS - silence);
      }
    }, POLL_MS);
  }

  #guarded(): boolean {
    return Atomics.load(this.#deps.shared, GUARD) > 0;
  }
}
