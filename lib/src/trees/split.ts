import type { Bins } from './bins.js';
import type { Histogram } from './histogram.js';

/** The sums of a node's gradients and hessians, as integers. */
export interface Sums {
  readonly gradient: number;
  readonly hessian: number;
}

/** A question about one feature: which rows of a node go to the left. */
export interface Split {
  readonly feature: number;
  /** Rows in bins up to this one go left; if the feature has categories, rows in this bin. */
  readonly bin: number;
  readonly isEqual: boolean;
  /** Whether rows with a missing value go left. */
  readonly isMissingLeft: boolean;
  readonly gain: number;
  readonly left: Sums;
  readonly right: Sums;
}

/** How a split is rated. The names are those of XGBoost. */
export interface Regularisation {
  readonly lambda: number;
  readonly alpha: number;
  readonly gamma: number;
  readonly minChildWeight: number;
  /** The value of one unit of the integers. */
  readonly unit: Sums;
}

/** Smaller gains are rounding errors. */
const LEAST_GAIN = 1e-6;

/**
 * The split with the largest gain, or null if none is worth it. Among equal ones, it is the first, so each worker would find the same.
 * Missing values go where the gain is larger. If a node has none, later ones go to the child with the larger weight.
 */
export function findSplit(
  sums: Histogram,
  total: Sums,
  { thresholds, counts }: Bins,
  offsets: Uint32Array,
  features: readonly number[],
  rules: Regularisation,
): Split | null {
  const { minChildWeight, unit, gamma } = rules;
  const whole = score(total.gradient, total.hessian, rules);
  let best: Split | null = null;
  let least = Math.max(gamma, LEAST_GAIN);
  const consider = (
    feature: number,
    bin: number,
    isEqual: boolean,
    isMissingLeft: boolean,
    gradient: number,
    hessian: number,
  ) => {
    const [otherGradient, otherHessian] = [total.gradient - gradient, total.hessian - hessian];
    if (hessian * unit.hessian < minChildWeight || otherHessian * unit.hessian < minChildWeight) return;
    if (hessian <= 0 || otherHessian <= 0) return;
    const gain = score(gradient, hessian, rules) + score(otherGradient, otherHessian, rules) - whole;
    if (gain <= least) return;
    least = gain;
    const [left, right] = [
      { gradient, hessian },
      { gradient: otherGradient, hessian: otherHessian },
    ];
    best = { feature, bin, isEqual, isMissingLeft, gain, left, right };
  };
  for (const feature of features) {
    const start = offsets[feature] as number;
    const count = counts[feature] as number;
    const isEqual = thresholds[feature] === null;
    const missing = { gradient: sums[start] as number, hessian: sums[start + 1] as number };
    const hasMissing = missing.hessian > 0;
    let [gradient, hessian] = [0, 0];
    // After the last bin of numbers, only the missing values can be on the right.
    const last = isEqual || hasMissing ? count : count - 1;
    for (let bin = 1; bin < last; bin += 1) {
      const binGradient = sums[start + 2 * bin] as number;
      const binHessian = sums[start + 2 * bin + 1] as number;
      if (isEqual) [gradient, hessian] = [binGradient, binHessian];
      else [gradient, hessian] = [gradient + binGradient, hessian + binHessian];
      if (binHessian === 0) continue;
      if (hasMissing) {
        consider(feature, bin, isEqual, false, gradient, hessian);
        consider(feature, bin, isEqual, true, gradient + missing.gradient, hessian + missing.hessian);
      } else consider(feature, bin, isEqual, 2 * hessian > total.hessian, gradient, hessian);
    }
  }
  return best;
}

/** The weight of a leaf, without the learning rate. XGBoost's paper has the formulas: Chen and Guestrin 2016, equations 5 to 7. */
export function weightOf({ gradient, hessian }: Sums, { lambda, alpha, unit }: Regularisation): number {
  const denominator = hessian * unit.hessian + lambda;
  return denominator > 0 ? -shrunk(gradient * unit.gradient, alpha) / denominator : 0;
}

function score(gradient: number, hessian: number, { lambda, alpha, unit }: Regularisation): number {
  const denominator = hessian * unit.hessian + lambda;
  return denominator > 0 ? shrunk(gradient * unit.gradient, alpha) ** 2 / denominator : 0;
}

const shrunk = (gradient: number, alpha: number): number => Math.sign(gradient) * Math.max(Math.abs(gradient) - alpha, 0);
