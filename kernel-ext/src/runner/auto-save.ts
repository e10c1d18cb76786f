import { performance } from 'node:perf_hooks';

/** Saving takes at most 1 / 20 of a run's time. */
const SHARE = 20;
/** How long an output of a running cell may wait, so that a cell that prints much does not cause a write for each line. */
const OUTPUT_MS = 1_000;

/** Writes the notebook while it is executed, so that its outputs are kept if this process is killed. */
export class AutoSave {
  readonly #save: () => void;
  /** When the notebook may be written again. */
  #next = 0;
  #timer: NodeJS.Timeout | undefined;
  /** When the timer fires. */
  #due = Number.POSITIVE_INFINITY;

  constructor(save: () => void) {
    this.#save = save;
  }

  /** A cell began or ended. The notebook is written now, or as soon as it is time. */
  cellChanged(): void {
    this.#within(0);
  }

  /** A cell has an output. The notebook is written within a second, or as soon as it is time. */
  outputCame(): void {
    if (this.#timer === undefined) this.#within(OUTPUT_MS);
  }

  now(): void {
    this.close();
    const begun = performance.now();
    this.#save();
    const ended = performance.now();
    this.#next = ended + (ended - begun) * SHARE;
  }

  /** Writes nothing more by itself. */
  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#due = Number.POSITIVE_INFINITY;
  }

  #within(ms: number): void {
    const now = performance.now();
    const due = Math.max(now + ms, this.#next);
    if (due <= now) this.#try();
    else if (due < this.#due) {
      this.close();
      this.#due = due;
      this.#timer = setTimeout(() => this.#try(), due - now);
    }
  }

  /** After an error it does nothing more, because the last write of the run reports the error. */
  #try(): void {
    try {
      this.now();
    } catch {
      this.#next = Number.POSITIVE_INFINITY;
    }
  }
}
