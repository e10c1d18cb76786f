import { GUARD } from './messages.js';

/** Silence of the main thread after which it counts as blocked by user code. */
const SILENCE_MS = 150;
/** How often the guard is looked at. */
const GUARD_POLL_MS = 20;

export interface InterrupterDeps {
  readonly shared: Int32Array;
  ping(id: number): void;
  terminate(): Promise<void>;
  /** Tells the main thread to end what awaits. */
  interrupted(): void;
}

/** Decides whether an interrupt needs a termination: only where the main thread does not answer. */
export class Interrupter {
  readonly #deps: InterrupterDeps;
  #pings = 0;
  #waiting: { id: number; resolve: (answered: boolean) => void } | undefined;
  #stopped = false;
  #running: Promise<void> | undefined;

  constructor(deps: InterrupterDeps) {
    this.#deps = deps;
  }

  onPong(id: number): void {
    if (this.#waiting?.id === id) this.#waiting.resolve(true);
  }

  /** Interrupts; while one is under way, that one. */
  interrupt(): Promise<void> {
    this.#running ??= this.#interrupt().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  /** No terminations any more: the main thread ends by itself. */
  stop(): void {
    this.#stopped = true;
    this.#waiting?.resolve(true);
  }

  /** True once the main thread answered within `timeoutMs`. */
  answers(timeoutMs: number): Promise<boolean> {
    const id = ++this.#pings;
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), timeoutMs);
      this.#waiting = {
        id,
        resolve: (answered) => {
          clearTimeout(timer);
          resolve(answered);
        },
      };
      this.#deps.ping(id);
    });
  }

  async #interrupt(): Promise<void> {
    // Told first and pinged after: an answer to the ping means that the interrupt was dealt with, too. Asked the other way
    // round, a thread that answers may begin to loop before it is told.
    this.#deps.interrupted();
    while (!this.#stopped && !(await this.answers(SILENCE_MS))) {
      // While the kernel itself is at work (loading or checking TypeScript), a termination would break it.
      if (Atomics.load(this.#deps.shared, GUARD) > 0) await new Promise((resolve) => setTimeout(resolve, GUARD_POLL_MS));
      else await this.#deps.terminate();
    }
  }
}
