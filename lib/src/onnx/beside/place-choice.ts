/** Runs that take less than this are made in the event loop: the way to another thread and back takes 0.04 ms, and more if the machine is busy. */
const SHORT_MS = 0.3;
/** A run in the loop that takes longer than this sends the next ones to another thread. One of less than that may have been interrupted by other processes. */
const TOO_LONG_MS = 10;
/** Number of runs beside the loop before one is made in the loop. */
const FIRST_TRIAL = 8;
const LONGEST_TRIAL = 4096;
/** Number of sizes that are remembered. */
const MOST_SIZES = 64;

/** The sizes of the dimensions of all inputs of a run, in order. */
export type Sizes = readonly number[];

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
  /** Inputs with which runs were short, each larger than all others in some dimension. The last ones are first. */
  #known: Sizes[] = [];

  /** The place of most runs now. */
  get place(): 'loop' | 'beside' {
    return this.#place;
  }

  /** @param sizes those of the next run: inputs that are larger in any dimension than all before may take longer, even if they have fewer elements */
  next(sizes: Sizes): 'loop' | 'beside' {
    return this.#place === 'loop' && this.#isKnown(sizes) ? 'loop' : 'beside';
  }

  /** @param ms how long a run took, without the time for which it waited */
  ended(where: 'loop' | 'beside', sizes: Sizes, ms: number): void {
    if (where === 'loop') {
      const isLong = ms > 2 * SHORT_MS;
      if ((isLong && this.#wasLong) || ms > TOO_LONG_MS) this.#leaveLoop();
      this.#wasLong = isLong;
      return;
    }
    if (ms <= SHORT_MS && !this.#isKnown(sizes))
      this.#known = [sizes, ...this.#known.filter((each) => !isWithin(each, sizes))].slice(0, MOST_SIZES);
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
    this.#known = [];
    this.#wasLong = false;
  }

  #isKnown(sizes: Sizes): boolean {
    for (const each of this.#known) if (isWithin(sizes, each)) return true;
    return false;
  }
}

/** Whether no dimension is larger. */
function isWithin(sizes: Sizes, others: Sizes): boolean {
  if (sizes.length !== others.length) return false;
  for (let i = 0; i < sizes.length; i += 1) if ((sizes[i] as number) > (others[i] as number)) return false;
  return true;
}
