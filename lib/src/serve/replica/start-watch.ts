import { collectStart, collectWithin } from '../../core/index.js';
import { StartNotDone } from './errors.js';
import { takeRejections } from './faults.js';
import type { HeldPromise } from './held-promises.js';

/** When a start that still waits says so on stderr; it looks again after the same time, and says what has changed. */
const TELL_AFTER_MS = 2000;
/** So much before the controller gives the replica up, it says itself what it waits for. */
const SAY_BEFORE_MS = 500;

export interface StartLimits {
  /** `app/deployment`. */
  readonly label: string;
  readonly timeoutMs: number;
}

/**
 * Knows what the start of an instance has begun and what of it is not done. A constructor cannot await; so a replica is up only when
 * - the promises that its fields hold are fulfilled,
 * - the work that says of itself that it belongs to a start (`duringStart`) is over,
 * - and no promise was rejected meanwhile that nobody handles.
 */
export class StartWatch {
  /** What goes on when no promise is open. */
  stage = 'its code to load';
  readonly #limits: StartLimits;
  readonly #startedAt = performance.now();
  /** What is not done, by its promise. */
  readonly #open = new Map<Promise<unknown>, string>();
  /** Promises that are waited for, or were. */
  readonly #known = new WeakSet<Promise<unknown>>();
  /** Reasons of work that failed, for rejections that the whole process reports. */
  readonly #failures = new Set<unknown>();
  #fault: { readonly reason: unknown } | null = null;
  #wake: () => void = () => {};

  constructor(limits: StartLimits) {
    this.#limits = limits;
  }

  /** Runs the start of the process itself: whatever is begun meanwhile belongs to it. @throws its failure, or that of what it began; NBS_START_NOT_DONE */
  async run<T>(start: (watch: StartWatch) => Promise<T>): Promise<T> {
    const release = takeRejections((reason) => {
      this.#fail(reason);
      return true;
    });
    const stop = collectStart((what, work) => this.#add(what, work));
    const timers = new AbortController();
    try {
      return await Promise.race([start(this), this.#late(timers.signal)]);
    } finally {
      timers.abort();
      stop();
      release();
    }
  }

  /** The same for code that starts something while the process works on requests: what these begin is not waited for. */
  async runBeside(start: () => Promise<void>, held: () => readonly HeldPromise[]): Promise<void> {
    const release = takeRejections((reason) => {
      const ours = this.#failures.has(reason);
      if (ours) this.#fail(reason);
      return ours;
    });
    for (const { promise } of held()) this.#known.add(promise);
    try {
      await collectWithin((what, work) => this.#add(what, work), start);
      await this.settled(held);
    } finally {
      release();
    }
  }

  /**
   * Resolves when nothing is left to wait for.
   * @param held the promises in fields, looked up anew each time: what is done may have begun more
   * @throws what the first of them was rejected with
   */
  async settled(held: () => readonly HeldPromise[]): Promise<void> {
    for (;;) {
      for (const { place, promise } of held()) this.#hold(`the promise in its field ${place}`, promise);
      const some = this.#open.size > 0;
      // A rejection that nobody handles is reported when the microtasks are done.
      await new Promise((done) => setImmediate(done));
      if (this.#fault !== null) throw this.#fault.reason;
      if (!some && this.#open.size === 0) return;
      if (this.#open.size > 0) await this.#change();
    }
  }

  /** Says after a while what is waited for, and again when that has changed; fails in the end. */
  async #late(signal: AbortSignal): Promise<never> {
    const { label, timeoutMs } = this.#limits;
    const limitMs = Math.max(timeoutMs / 2, timeoutMs - SAY_BEFORE_MS);
    const leftMs = (): number => limitMs - (performance.now() - this.#startedAt);
    let said = '';
    while (leftMs() > TELL_AFTER_MS) {
      await after(TELL_AFTER_MS, signal);
      const what = this.#waitsFor();
      if (what !== said) console.error(`${label} is not up yet: it waits for ${what}`);
      said = what;
    }
    await after(leftMs(), signal);
    throw StartNotDone({ deployment: label, what: this.#waitsFor(), timeoutMs });
  }

  /** Its failure counts if nobody handles it. */
  #add(what: string, work: Promise<unknown>): void {
    this.#track(what, work, (reason) => this.#failures.add(reason));
  }

  /** Its failure counts: what a field holds is what methods await. */
  #hold(what: string, promise: Promise<unknown>): void {
    if (!this.#known.has(promise)) this.#track(what, promise, (reason) => this.#fail(reason));
  }

  #track(what: string, promise: Promise<unknown>, onFailure: (reason: unknown) => void): void {
    this.#known.add(promise);
    this.#open.set(promise, what);
    const done = (): void => {
      this.#open.delete(promise);
      this.#wake();
    };
    promise.then(done, (reason: unknown) => {
      onFailure(reason);
      done();
    });
  }

  #fail(reason: unknown): void {
    this.#fault ??= { reason };
    this.#wake();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #waitsFor(): string {
    return [...this.#open.values()].join(', ') || this.stage;
  }
}

/** Never resolves once the signal is given. */
function after(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => clearTimeout(timer));
  });
}
