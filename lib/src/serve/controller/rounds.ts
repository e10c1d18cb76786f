import type { Clock } from '../../core/index.js';

/** Number of applications and replicas for each millisecond between two rounds; `npm run simulate` shows what rounds cost. */
const LOOKED_AT_IN_MS = 100;
/** While a time limit runs, this is how often it is checked whether this process can run. */
const LOOK_EVERY_MS = 1000;
/** If it could not run for so long, the machine was stopped or too busy, or its clock was set. */
const LOST_MS = 500;

export interface RoundsOptions {
  readonly clock: Clock;
  /** Number of objects that a round looks at. */
  readonly size: () => number;
  readonly run: () => void;
  /** Called before a round at a certain time, if this process could not run for so long meanwhile. */
  readonly onLost: (lostMs: number) => void;
}

/** Decides when rounds run. */
export class Rounds {
  readonly #options: RoundsOptions;
  readonly #waiting = new Set<() => void>();
  /** True before the first round, which the controller runs when it has recovered. Before that, it knows neither the target nor the actual state. */
  #isDue = true;
  #lastAt = 0;
  #cancelWake: () => void = () => {};

  constructor(options: RoundsOptions) {
    this.#options = options;
  }

  now(): void {
    const { clock, run } = this.#options;
    this.#isDue = false;
    this.#lastAt = clock.now();
    this.#cancelWake();
    this.#cancelWake = () => {};
    run();
    for (const waiting of [...this.#waiting]) waiting();
  }

  /**
   * Asks for a round. Many events at one moment need only one round. In a large cluster a round takes milliseconds, so one round serves the events of
   * a longer time.
   */
  soon(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    const run = (): void => {
      if (this.#isDue) this.now();
    };
    const { clock, size } = this.#options;
    const waitMs = this.#lastAt + Math.floor(size() / LOOKED_AT_IN_MS) - clock.now();
    if (waitMs <= 0) queueMicrotask(run);
    else clock.after(waitMs, run);
  }

  /** Asks for a round at that time, unless one runs before. */
  at(time: number): void {
    const { clock, onLost } = this.#options;
    const now = clock.now();
    const dueAt = Math.max(now + 1, Math.min(time, now + LOOK_EVERY_MS));
    this.#cancelWake = clock.after(dueAt - now, () => {
      const lateMs = clock.now() - dueAt;
      if (lateMs >= LOST_MS) onLost(lateMs);
      if (clock.now() < time) this.at(time);
      else this.soon();
    });
  }

  /** Resolves after the first round from now on after which the condition is true. */
  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (!condition()) return;
        this.#waiting.delete(check);
        resolve();
      };
      this.#waiting.add(check);
    });
  }
}
