import { collectStart, collectWithin } from '../../core/index.js';
import { StartNotDone } from './errors.js';
import { takeRejections } from './faults.js';
import type { HeldPromise } from './held-promises.js';

/** After this time, a start that is not done says on stderr what it waits for. It checks again after the same time, and prints what has changed. */
const TELL_AFTER_MS = 2000;
/** The replica says what it waits for this long before the controller gives it up. */
const SAY_BEFORE_MS = 500;
/** A wait that is longer than it should be by this much was held up. */
const HELD_UP_MS = 100;

export interface StartLimits {
  /** `app/deployment`. */
  readonly label: string;
  readonly timeoutMs: number;
}

/**
 * Knows what the start of an instance has begun, and what of that is not done. A constructor cannot await, so a replica runs only when
 * - the promises in its fields are fulfilled,
 * - the work that declares itself part of a start (`duringStart`) has ended,
 * - and no promise was rejected meanwhile without a handler.
 */
export class StartWatch {
  /** What the start waits for when no promise is open. */
  stage = 'its code to load';
  readonly #limits: StartLimits;
  readonly #startedAt = performance.now();
  /** What is not done, by its promise. */
  readonly #open = new Map<Promise<unknown>, string>();
  /** Promises that the start waits for, or has waited for. */
  readonly #known = new WeakSet<Promise<unknown>>();
  /** Reasons of failed work, to recognize rejections that the process reports. */
  readonly #failures = new Set<unknown>();
  #fault: { readonly reason: unknown } | null = null;
  #wake: () => void = () => {};

  constructor(limits: StartLimits) {
    this.#limits = limits;
  }

  /**
   * Runs the start of the process itself: all work that begins meanwhile belongs to it. @throws its failure, or that of the work that it began;
   * NBS_START_NOT_DONE
   */
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

  /** Does the same for code that runs while the process works on requests. Work that the requests begin is not awaited. */
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
   * Resolves when there is nothing left to wait for.
   * @param held finds the promises in fields; it is called again each time, because work that has ended may have begun more
   * @throws the reason of the first rejection
   */
  async settled(held: () => readonly HeldPromise[]): Promise<void> {
    for (;;) {
      for (const { place, promise } of held()) this.#hold(`the promise in its field ${place}`, promise);
      const some = this.#open.size > 0;
      // Node reports a rejection that nobody handles when the microtasks have run.
      await new Promise((done) => setImmediate(done));
      if (this.#fault !== null) throw this.#fault.reason;
      if (!some && this.#open.size === 0) return;
      if (this.#open.size > 0) await this.#change();
    }
  }

  /** Says after a while what the start waits for, and says it again when that has changed; fails in the end. */
  async #late(signal: AbortSignal): Promise<never> {
    const { label, timeoutMs } = this.#limits;
    const limitMs = Math.max(timeoutMs / 2, timeoutMs - SAY_BEFORE_MS);
    let leftMs = limitMs - (performance.now() - this.#startedAt);
    let said = '';
    while (leftMs > TELL_AFTER_MS) {
      leftMs -= await after(TELL_AFTER_MS, signal);
      const what = this.#waitsFor();
      if (what !== said) console.error(`${label} is not up yet: it waits for ${what}`);
      said = what;
    }
    while (leftMs > 0) leftMs -= await after(leftMs, signal);
    throw StartNotDone({ deployment: label, what: this.#waitsFor(), timeoutMs });
  }

  /** A failure of this work counts only if no code handles it. */
  #add(what: string, work: Promise<unknown>): void {
    this.#track(what, work, (reason) => this.#failures.add(reason));
  }

  /** For a promise in a field of the instance. Its failure always counts, because every method that awaits the promise would fail. */
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

/**
 * Never resolves if the signal is aborted.
 * @returns how much of the time has passed in which this process could run. If it was stopped, or its memory was on a disk, it has used no processor.
 */
function after(ms: number, signal: AbortSignal): Promise<number> {
  const [begun, used] = [performance.now(), process.cpuUsage()];
  const passed = (): number => {
    const lateMs = performance.now() - begun - ms;
    const { user, system } = process.cpuUsage(used);
    return lateMs < HELD_UP_MS ? ms + lateMs : ms + Math.min(lateMs, (user + system) / 1000);
  };
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(passed()), ms);
    signal.addEventListener('abort', () => clearTimeout(timer));
  });
}
