import { GUARD } from './messages.js';
import type { Reach } from './unwind.js';

/** Silence of the main thread after which it counts as blocked by user code. */
const SILENCE_MS = 150;
/** How often the thread is looked at: whether the guard is up, whether it has come to code that may be ended. */
const POLL_MS = 5;
/** Silence after which more may be terminated; see {@link Reach}. */
const CALLED_MS = 300;
const ANYTHING_MS = 2000;
/** Silence after which the person is told. From then on a second interrupt is taken to mean it. */
const TELL_MS = 1000;
/** Silence after which the main thread is given up. */
const GIVE_UP_MS = 5000;
/** Loading TypeScript on a slow machine is no reason to give up. */
const GUARDED_GIVE_UP_MS = 20_000;

export interface InterrupterDeps {
  readonly shared: Int32Array;
  ping(id: number): void;
  /**
   * Terminates what the main thread runs. Returns when that has happened (true), when there was nothing that may be ended, or when `signal` aborts.
   */
  terminate(reach: Reach, signal: AbortSignal): Promise<boolean>;
  /** The main thread does not answer, and must not be terminated: ends what it waits for, if that can be ended. */
  release?(): void;
  /** Tells the main thread to end what awaits. */
  interrupted(): void;
  /** Nothing has helped so far. @param giveUpInMs when the main thread is given up */
  stuck?(giveUpInMs: number): void;
  /** Nothing helps: the main thread is inside native code. */
  giveUp?(): void;
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Decides whether an interrupt needs a termination: only where the main thread does not answer. */
export class Interrupter {
  readonly #deps: InterrupterDeps;
  #pings = 0;
  #running: Attempt | undefined;
  #stopped = false;

  constructor(deps: InterrupterDeps) {
    this.#deps = deps;
  }

  onPong(id: number): void {
    this.#running?.onPong(id);
  }

  /** Interrupts; while an interrupt is under way, makes that one more urgent. Resolves once the main thread has dealt with it. */
  interrupt(): Promise<void> {
    if (this.#running) this.#running.urge();
    else if (this.#stopped) return Promise.resolve();
    else {
      const attempt = new Attempt(this.#deps, () => ++this.#pings);
      this.#running = attempt;
      attempt.begin(() => {
        this.#running = undefined;
      });
    }
    return this.#running?.ended ?? Promise.resolve();
  }

  /** No terminations any more: the main thread ends by itself. */
  stop(): void {
    this.#stopped = true;
    this.#running?.end();
  }
}

/** One interrupt, from the person's wish to the main thread's answer. */
class Attempt {
  ended = Promise.resolve();
  readonly #deps: InterrupterDeps;
  readonly #nextPing: () => number;
  readonly #begunAt = performance.now();
  readonly #over = new AbortController();
  #firstPing = 0;
  /** Code was ended last; before that, the beginning. */
  #endedAt = this.#begunAt;
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
    // The person may see something that waits although the thread answers.
    this.#deps.interrupted();
  }

  end(): void {
    this.#over.abort();
  }

  async #run(): Promise<void> {
    const over = new Promise<void>((resolve) => {
      this.#over.signal.addEventListener('abort', () => resolve(), { once: true });
    });
    // Told first and pinged after: an answer to the ping means that the interrupt was dealt with, too. Asked the other way
    // round, a thread that answers may begin to loop before it is told.
    this.#deps.interrupted();
    const patience = this.#watch();
    this.#ping();
    await Promise.race([over, sleep(SILENCE_MS)]);
    while (!this.#over.signal.aborted) {
      let wait = POLL_MS;
      // While the kernel itself is at work (loading TypeScript), a termination would break it.
      if (this.#guarded()) this.#deps.release?.();
      else if (await this.#deps.terminate(this.#reach(), this.#over.signal)) {
        // Now the thread deals with the interrupt, and has as long as at the beginning: a termination would hit the kernel's own work.
        this.#endedAt = performance.now();
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
    const silence = performance.now() - this.#endedAt;
    if (silence > ANYTHING_MS) return 'anything';
    return silence > CALLED_MS ? 'what user code called' : 'user code';
  }

  /** Looks at the clock beside the terminations: one of them may wait for native code that never returns. */
  #watch(): NodeJS.Timeout {
    return setInterval(() => {
      const silence = this.#silence();
      if (silence < TELL_MS || (this.#guarded() && silence < GUARDED_GIVE_UP_MS)) return;
      if (this.#urged || silence > GIVE_UP_MS) {
        this.end();
        this.#deps.giveUp?.();
      } else if (!this.#told) {
        this.#told = true;
        this.#deps.stuck?.(GIVE_UP_MS - silence);
      }
    }, POLL_MS);
  }

  #guarded(): boolean {
    return Atomics.load(this.#deps.shared, GUARD) > 0;
  }

  #silence(): number {
    return performance.now() - this.#begunAt;
  }
}
