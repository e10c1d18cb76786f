import { InvalidOption, integer, isRecord, type OptionSpec, parseOptions } from '../core/index.js';

/** A report of a trial, as a scheduler sees it. */
export interface Progress {
  /** The number of the trial. */
  readonly trial: number;
  /** How often it has reported, from 1. */
  readonly iteration: number;
  /** The metric, turned so that lower is better. */
  readonly loss: number;
}

/** Decides whether a trial goes on. */
export interface Scheduler {
  /** Whether it compares trials, and so must know the metric. */
  readonly usesMetric: boolean;
  /** A search begins: what was seen in an earlier one does not count. */
  begin?(): void;
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

const recordOf = (where: string, options: unknown): Readonly<Record<string, unknown>> => {
  if (isRecord(options)) return options;
  throw InvalidOption({ where, option: 'options', expected: 'an object', value: String(options) });
};

/** Options of {@link ASHAScheduler}. */
export interface ASHAOptions {
  /** The most reports of a trial. @default 100 */
  readonly maxT?: number;
  /** The reports that every trial may make. @default 1 */
  readonly gracePeriod?: number;
  /** At each rung, one of so many trials goes on; the next rung is at so many times the reports. @default 4 */
  readonly reductionFactor?: number;
}

const ashaSpec = {
  maxT: integer({ doc: 'Reports.', default: 100, min: 1 }),
  gracePeriod: integer({ doc: 'Reports.', default: 1, min: 1 }),
  reductionFactor: {
    doc: 'One of so many goes on.',
    expected: 'a number above 1',
    default: 4,
    parse: (value) => (typeof value === 'number' && value > 1 && Number.isFinite(value) ? value : undefined),
  } as OptionSpec<number>,
};

/**
 * Asynchronous successive halving (Li et al. 2018): after 1, 4, 16 … reports, a trial goes on only if it is among the best quarter of those that came so far.
 * No trial waits for another, so which trials end can depend on their order.
 */
export class ASHAScheduler implements Scheduler {
  readonly usesMetric = true;
  readonly #maxT: number;
  readonly #factor: number;
  readonly #rungs: { readonly at: number; readonly losses: Map<number, number> }[] = [];

  /** @throws NBS_INVALID_OPTION, NBS_UNKNOWN_OPTION */
  constructor(options: ASHAOptions = {}) {
    const { maxT, gracePeriod, reductionFactor } = parseOptions('ASHAScheduler', ashaSpec, recordOf('ASHAScheduler', options));
    this.#maxT = maxT;
    this.#factor = reductionFactor;
    for (let at = gracePeriod; at < maxT; at *= reductionFactor) this.#rungs.unshift({ at: Math.ceil(at), losses: new Map() });
  }

  begin(): void {
    for (const { losses } of this.#rungs) losses.clear();
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

const medianSpec = {
  gracePeriod: integer({ doc: 'Reports.', default: 1, min: 0 }),
  minSamplesRequired: integer({ doc: 'Trials.', default: 3, min: 1 }),
};

/** Ends a trial whose best value is worse than the median of the means of the other trials up to the same report (Golovin et al. 2017). */
export class MedianStoppingRule implements Scheduler {
  readonly usesMetric = true;
  readonly #gracePeriod: number;
  readonly #minSamples: number;
  readonly #losses = new Map<number, number[]>();

  /** @throws NBS_INVALID_OPTION, NBS_UNKNOWN_OPTION */
  constructor(options: MedianOptions = {}) {
    const where = 'MedianStoppingRule';
    const { gracePeriod, minSamplesRequired } = parseOptions(where, medianSpec, recordOf(where, options));
    this.#gracePeriod = gracePeriod;
    this.#minSamples = minSamplesRequired;
  }

  begin(): void {
    this.#losses.clear();
  }

  onReport({ trial, iteration, loss }: Progress): boolean {
    const own = this.#losses.get(trial) ?? [];
    own[iteration - 1] = loss;
    this.#losses.set(trial, own);
    if (iteration <= this.#gracePeriod) return true;
    const means = [...this.#losses]
      .filter(([other, losses]) => other !== trial && losses.length >= iteration)
      .map(([, losses]) => mean(losses.slice(0, iteration).filter(isNumber)))
      .filter(isNumber);
    return means.length < this.#minSamples || Math.min(...own.filter(isNumber)) <= quantile(means, 0.5);
  }
}

// A loss that is NaN says nothing about the others, and a trial that has no other is the worst.
const isNumber = (value: number): boolean => !Number.isNaN(value);
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** The value below which a share of the values lies, between two of them linearly. */
function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = share * (sorted.length - 1);
  const [low, high] = [sorted[Math.floor(at)] as number, sorted[Math.ceil(at)] as number];
  return low + (high - low) * (at - Math.floor(at));
}
