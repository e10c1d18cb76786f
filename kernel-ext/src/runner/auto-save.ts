import { performance } from 'node:perf_hooks';

/** Saving takes at most 1 / 20 of a run's time. */
const SHARE = 20;

/** Writes the notebook from time to time while it is executed, so that its outputs are kept if this process is killed. */
export class AutoSave {
  readonly #save: () => void;
  #next = 0;

  constructor(save: () => void) {
    this.#save = save;
  }

  /** Writes the notebook if it is time. After an error it does nothing more, because the last write of the run reports the error. */
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
