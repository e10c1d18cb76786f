/** Runs that take less than this are made in the event loop: the way to another thread and back takes 0.04 ms, and more if the machine is busy. */
const SHORT_MS = 0.3;
/** A run in the loop that takes longer than this sends the next ones to another thread. One of less than that may have been interrupted by other processes. */
const TOO_LONG_MS = 10;
/** Number of runs beside the loop before one is made in the loop. */
const FIRST_TRIAL = 8;
const LONGEST_TRIAL = 4096;

/**
 * Chooses the place of the next run. The first runs are made beside the loop, because nobody knows how long they take. If one of them is short, runs are
 * made in the loop, until two in a row are not short, or one is much too long. Then it takes twice as many runs as before until the loop is tried again.
 */
export class PlaceChoice {
  #place: 'loop' | 'beside' = 'beside';
  #runs = 0;
  #shortest = Number.POSITIVE_INFINITY;
  #needed = FIRST_TRIAL;
  #wasLong = false;
  /** Size of the largest inputs, in bytes, with which runs were made beside the loop. */
  #known = 0;

  /** The place of most runs now. */
  get place(): 'loop' | 'beside' {
    return this.#place;
  }

  /** @param bytes the size of all inputs of the next run: inputs that are larger than any before may take longer */
  next(bytes: number): 'loop' | 'beside' {
    return bytes > this.#known ? 'beside' : this.#place;
  }

  /** @param ms how long a run took, without the time for which it waited */
  ended(where: 'loop' | 'beside', bytes: number, ms: number): void {
    if (where === 'loop') {
      const isLong = ms > 2 * SHORT_MS;
      if ((isLong && this.#wasLong) || ms > TOO_LONG_MS) this.#leaveLoop();
      this.#wasLong = isLong;
      return;
    }
    this.#known = Math.max(this.#known, ms <= SHORT_MS ? bytes : 0);
    this.#runs += 1;
    this.#shortest = Math.min(this.#shortest, ms);
    if (this.#runs < this.#needed) return;
    if (this.#shortest <= SHORT_MS) this.#place = 'loop';
    this.#runs = 0;
    this.#shortest = Number.POSITIVE_INFINITY;
  }

  #leaveLoop(): void {
    this.#place = 'beside';
    this.#needed = Math.min(LONGEST_TRIAL, this.#needed * 2);
    this.#runs = 0;
    this.#known = 0;
    this.#wasLong = false;
  }
}
