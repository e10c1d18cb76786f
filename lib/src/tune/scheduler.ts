/** A report of a trial, as a scheduler sees it. */
export interface Progress {
  /** The number of the trial. */
  readonly trial: number;
  /** How often it has reported, from 1. */
  readonly iteration: number;
  /** The metric, turned so that lower is better. */
  readonly loss: number;
}

/** Decides whether a trial goes on. It belongs to one search. */
export interface Scheduler {
  /** Whether it compares trials, and so must know the metric. */
  readonly usesMetric: boolean;
  /** False ends the trial. */
  onReport(progress: Progress): boolean;
}

/** Lets every trial run to its end. */
export class FIFOScheduler implements Scheduler {
  readonly usesMetric = false;

  onReport(): boolean {
    return true;
  }
}

/** Options of {@link ASHAScheduler}. */
export interface ASHAOptions {
  /** The most reports of a trial. @default 100 */
  readonly maxT?: number;
  /** The reports that every trial may make. @default 1 */
  readonly gracePeriod?: number;
  /** At each rung, one of so many trials goes on; the next rung is at so many times the reports. @default 4 */
  readonly reductionFactor?: number;
}

/**
 * Asynchronous successive halving (Li et al. 2018): after 1, 4, 16 … reports, a trial goes on only if it is among the best quarter of those that came so far.
 * No trial waits for another, so which trials end can depend on their order.
 */
export class ASHAScheduler implements Scheduler {
  readonly usesMetric = true;
  readonly #maxT: number;
  readonly #factor: number;
  readonly #rungs: { readonly at: number; readonly losses: Map<number, number> }[] = [];

  constructor({ maxT = 100, gracePeriod = 1, reductionFactor = 4 }: ASHAOptions = {}) {
    this.#maxT = maxT;
    this.#factor = reductionFactor;
    for (let at = gracePeriod; at < maxT; at *= reductionFactor) this.#rungs.unshift({ at: Math.ceil(at), losses: new Map() });
  }

  onReport({ trial, iteration, loss }: Progress): boolean {
    if (iteration >= this.#maxT) return false;
    const rung = this.#rungs.find(({ at, losses }) => iteration >= at && !losses.has(trial));
    if (rung === undefined || iteration < rung.at) return true;
    const others = [...rung.losses.values()].filter((other) => !Number.isNaN(other));
    rung.losses.set(trial, loss);
    return others.length === 0 || loss <= quantile(others, 1 / this.#factor);
  }
}

/** Options of {@link MedianStoppingRule}. */
export interface MedianOptions {
  /** The reports that every trial may make. @default 1 */
  readonly gracePeriod?: number;
  /** The number of other trials that must have come as far. @default 3 */
  readonly minSamplesRequired?: number;
}

/** Ends a trial whose best value is worse than the median of the means of the other trials up to the same report (Golovin et al. 2017). */
export class MedianStoppingRule implements Scheduler {
  readonly usesMetric = true;
  readonly #gracePeriod: number;
  readonly #minSamples: number;
  readonly #losses = new Map<number, number[]>();

  constructor({ gracePeriod = 1, minSamplesRequired = 3 }: MedianOptions = {}) {
    this.#gracePeriod = gracePeriod;
    this.#minSamples = minSamplesRequired;
  }

  onReport({ trial, iteration, loss }: Progress): boolean {
    const own = this.#losses.get(trial) ?? [];
    own[iteration - 1] = loss;
    this.#losses.set(trial, own);
    if (iteration <= this.#gracePeriod) return true;
    const means = [...this.#losses]
      .filter(([other, losses]) => other !== trial && losses.length >= iteration)
      .map(([, losses]) => losses.slice(0, iteration).reduce((sum, value) => sum + value, 0) / iteration);
    return means.length < this.#minSamples || Math.min(...own) <= quantile(means, 0.5);
  }
}

/** The value below which a share of the values lies, between two of them linearly. */
function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = share * (sorted.length - 1);
  const [low, high] = [sorted[Math.floor(at)] as number, sorted[Math.ceil(at)] as number];
  return low + (high - low) * (at - Math.floor(at));
}
