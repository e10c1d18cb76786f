import type { Clock } from '../../core/index.js';

/** Applications and replicas for each millisecond between two rounds: `npm run simulate` shows what rounds cost. */
const LOOKED_AT_IN_MS = 100;

export interface RoundsOptions {
  readonly clock: Clock;
  /** How many things a round looks at. */
  readonly size: () => number;
  readonly run: () => void;
}

/** When rounds are run. */
export class Rounds {
  readonly #options: RoundsOptions;
  readonly #waiting = new Set<() => void>();
  /** True before the first one, which the controller runs when it has recovered: sooner it would see neither what is wanted nor what there is. */
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

  /** Many events of one moment need one round; in a large cluster, where a round costs milliseconds, so do those of a longer moment. */
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

  /** One at that time, unless one is run before. */
  at(time: number): void {
    const { clock } = this.#options;
    this.#cancelWake = clock.after(Math.max(1, time - clock.now()), () => this.soon());
  }

  /** Resolves after the first round from now on after which the condition holds. */
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
