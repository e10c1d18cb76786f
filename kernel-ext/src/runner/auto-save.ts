import { performance } from 'node:perf_hooks';

/** Saving takes at most one part in so many of a run's time. */
const SHARE = 20;

/** Writes the notebook now and then while it is executed, so that its outputs are there whatever becomes of this process. */
export class AutoSave {
  readonly #save: () => void;
  #next = 0;

  constructor(save: () => void) {
    this.#save = save;
  }

  /** What cannot be written is told at the end. */
  sometimes(): void {
    if (performance.now() < this.#next) return;
    try {
      this.now();
    } catch {
      this.#next = Number.POSITIVE_INFINITY;
    }
  }

  now(): void {
    const begun = performance.now();
    this.#save();
    const ended = performance.now();
    this.#next = ended + (ended - begun) * SHARE;
  }
}
