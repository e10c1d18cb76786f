import { integer, mixBits, type OptionSpec, parseOptions } from '../core/index.js';
import { DOMAIN } from './domain.js';
import { InvalidSpace } from './errors.js';
import type { Dimension } from './space.js';

/** A trial that has ended, as a search sees it. */
export interface Finished {
  readonly values: readonly unknown[];
  /** The metric, turned so that lower is better. */
  readonly loss: number;
}

/** Decides which values a trial gets. */
export interface SearchAlgorithm {
  /** Whether {@link suggest} uses the results of earlier trials. */
  readonly usesResults: boolean;
  /** How many trials there are. @throws NBS_TUNE_INVALID_SPACE */
  trialsOf(dimensions: readonly Dimension[], numSamples: number): number;
  /** The values of a trial. The same arguments give the same values. @param trial its number, from 0 */
  suggest(trial: number, dimensions: readonly Dimension[], seed: number, finished: readonly Finished[]): readonly unknown[];
}

/** A number from 0 to 1, without 1, that only the seed and the numbers decide. */
const randomAt = (seed: number, ...numbers: readonly number[]): number =>
  numbers.reduce((bits, number) => mixBits(Math.imul(bits, 0x9e3779b1) + mixBits(number + 1)), mixBits(seed + 1)) / 2 ** 32;

/** Every combination of the grids, `numSamples` times; other domains get random values in each trial. */
export class BasicVariantGenerator implements SearchAlgorithm {
  readonly usesResults = false;

  trialsOf(dimensions: readonly Dimension[], numSamples: number): number {
    return numSamples * gridsOf(dimensions).reduce((product, { domain }) => product * domain.size, 1);
  }

  suggest(trial: number, dimensions: readonly Dimension[], seed: number): readonly unknown[] {
    let rest = trial;
    // The last grid changes first, as in nested loops.
    const places = new Map<Dimension, number>();
    for (const dimension of gridsOf(dimensions).reverse()) {
      const { size } = dimension.domain;
      places.set(dimension, ((rest % size) + 0.5) / size);
      rest = Math.floor(rest / size);
    }
    return dimensions.map((dimension, at) => dimension.domain.at(places.get(dimension) ?? randomAt(seed, trial, at)));
  }
}

const gridsOf = (dimensions: readonly Dimension[]): Dimension[] => dimensions.filter(({ domain }) => domain[DOMAIN] === 'grid');

/** Options of {@link TPESearch}. */
export interface TPEOptions {
  /** The number of random trials that it begins with. @default 10 */
  readonly nStartup?: number;
  /** The share of the trials that count as good. @default 0.1 */
  readonly gamma?: number;
  /** How many values it draws, to take the best of them. @default 24 */
  readonly nCandidates?: number;
}

const tpeSpec = {
  nStartup: integer({ doc: 'Trials.', default: 10, min: 0 }),
  gamma: {
    doc: 'Share.',
    expected: 'a number above 0, and at most 1',
    default: 0.1,
    parse: (value) => (typeof value === 'number' && value > 0 && value <= 1 ? value : undefined),
  } as OptionSpec<number>,
  nCandidates: integer({ doc: 'Values.', default: 24, min: 1 }),
};

/**
 * The tree-structured Parzen estimator (Bergstra et al. 2011): values near those of good trials, and far from those of the others. The domains are looked at
 * one by one, each stretched to 0 to 1.
 */
export class TPESearch implements SearchAlgorithm {
  readonly usesResults = true;
  readonly #nStartup: number;
  readonly #gamma: number;
  readonly #nCandidates: number;

  /** @throws NBS_INVALID_OPTION, NBS_UNKNOWN_OPTION */
  constructor(options: TPEOptions = {}) {
    const { nStartup, gamma, nCandidates } = parseOptions('TPESearch', tpeSpec, { ...options });
    this.#nStartup = nStartup;
    this.#gamma = gamma;
    this.#nCandidates = nCandidates;
  }

  trialsOf(dimensions: readonly Dimension[], numSamples: number): number {
    if (gridsOf(dimensions).length > 0)
      throw InvalidSpace({ where: 'TPESearch', reason: 'it takes no gridSearch; write choice, whose values it chooses from' });
    return numSamples;
  }

  suggest(trial: number, dimensions: readonly Dimension[], seed: number, finished: readonly Finished[]): readonly unknown[] {
    const known = finished.filter(({ loss }) => !Number.isNaN(loss)).toSorted((a, b) => a.loss - b.loss);
    const goods = Math.max(1, Math.ceil(this.#gamma * known.length));
    return dimensions.map(({ domain }, at) => {
      const random = (n: number) => randomAt(seed, trial, at, n);
      if (known.length < Math.max(2, this.#nStartup)) return domain.at(randomAt(seed, trial, at));
      const places = known.map(({ values }) => domain.placeOf(values[at]));
      const estimate = domain[DOMAIN] === 'choice' ? (of: readonly number[]) => counted(of, domain.size) : smoothed;
      const [good, other] = [estimate(places.slice(0, goods)), estimate(places.slice(goods))];
      let best = { place: 0, score: Number.NEGATIVE_INFINITY };
      for (let n = 0; n < this.#nCandidates; n += 1) {
        const place = good.draw(random(3 * n), random(3 * n + 1), random(3 * n + 2));
        const score = Math.log(good.density(place)) - Math.log(other.density(place));
        if (score > best.score) best = { place, score };
      }
      return domain.at(best.place);
    });
  }
}

/** An estimated density over the places from 0 to 1. */
interface Estimate {
  density(place: number): number;
  /** A place, drawn by three random numbers. */
  draw(which: number, a: number, b: number): number;
}

const BELOW_1 = 1 - 2 ** -32;

/** A normal curve at each place, and one over all: a place that nobody tried stays possible. */
function smoothed(places: readonly number[]): Estimate {
  const sorted = [0.5, ...places].sort((a, b) => a - b);
  // If places are equal, any one of them can stand for the place of the curve over all.
  const prior = sorted.indexOf(0.5);
  const curves = sorted.map((mean, i) => {
    const gap = Math.max(mean - (sorted[i - 1] ?? 0), (sorted[i + 1] ?? 1) - mean);
    return { mean, width: i === prior ? 1 : Math.min(1, Math.max(gap, 1 / Math.min(100, sorted.length + 1))) };
  });
  return {
    density: (place) =>
      curves.reduce((sum, { mean, width }) => sum + Math.exp(-(((place - mean) / width) ** 2) / 2) / width, 0) / curves.length,
    draw: (which, a, b) => {
      const { mean, width } = curves[Math.floor(which * curves.length)] as { mean: number; width: number };
      const normal = Math.sqrt(-2 * Math.log(1 - a)) * Math.cos(2 * Math.PI * b);
      // What falls outside is reflected, so that no place collects it.
      const folded = Math.abs(mean + width * normal) % 2;
      return Math.min(BELOW_1, folded > 1 ? 2 - folded : folded);
    },
  };
}

/** The shares of the values of a choice. One is added to each count, so that none is impossible. */
function counted(places: readonly number[], size: number): Estimate {
  const counts = Array.from({ length: size }, () => 1);
  const indexOf = (place: number) => Math.min(size - 1, Math.floor(place * size));
  for (const place of places) counts[indexOf(place)] = (counts[indexOf(place)] as number) + 1;
  const total = counts.reduce((sum, count) => sum + count, 0);
  return {
    density: (place) => (counts[indexOf(place)] as number) / total,
    draw: (which) => {
      let rest = which * total;
      const index = counts.findIndex((count) => {
        rest -= count;
        return rest < 0;
      });
      return ((index < 0 ? size - 1 : index) + 0.5) / size;
    },
  };
}
