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
 * Missing values go to the side with the larger gain. If a node has none, later ones go to the child with the larger weight.
 */
export function findSplit(
  sums: Histogram,
  total: Sums,
  { thresholds, counts }: Bins,
  offsets: Uint32Array,
  features: readonly number[],
  rules: Regularisation,
): Split | null {
  // This loop is most of the time of a training on few rows, so it makes no objects and calls only `score`.
  const { gamma, lambda, alpha, unit } = rules;
  const [gradientUnit, hessianUnit] = [unit.gradient, unit.hessian];
  // A child must have rows, even if it needs no weight.
  const least = Math.max(rules.minChildWeight / hessianUnit, 1);
  const [allGradient, allHessian] = [total.gradient, total.hessian];
  const whole = score(allGradient * gradientUnit, allHessian * hessianUnit, lambda, alpha);
  let bestSum = whole + Math.max(gamma, LEAST_GAIN);
  let [bestFeature, bestBin, bestGradient, bestHessian] = [-1, 0, 0, 0];
  let bestMissingLeft = false;
  for (const feature of features) {
    const start = offsets[feature] as number;
    const count = counts[feature] as number;
    const isEqual = thresholds[feature] === null;
    const missingGradient = sums[start] as number;
    const missingHessian = sums[start + 1] as number;
    const hasMissing = missingHessian > 0;
    let gradient = 0;
    let hessian = 0;
    // After the last bin of numbers, only the missing values can be on the right.
    const last = isEqual || hasMissing ? count : count - 1;
    for (let bin = 1; bin < last; bin += 1) {
      const binHessian = sums[start + 2 * bin + 1] as number;
      if (binHessian === 0) continue;
      const binGradient = sums[start + 2 * bin] as number;
      gradient = isEqual ? binGradient : gradient + binGradient;
      hessian = isEqual ? binHessian : hessian + binHessian;
      const rest = allHessian - hessian;
      if (hessian >= least && rest >= least) {
        const sum =
          score(gradient * gradientUnit, hessian * hessianUnit, lambda, alpha) +
          score((allGradient - gradient) * gradientUnit, rest * hessianUnit, lambda, alpha);
        if (sum > bestSum) {
          [bestSum, bestFeature, bestBin] = [sum, feature, bin];
          [bestGradient, bestHessian] = [gradient, hessian];
          bestMissingLeft = !hasMissing && 2 * hessian > allHessian;
        }
      }
      if (!hasMissing) continue;
      const [withGradient, withHessian] = [gradient + missingGradient, hessian + missingHessian];
      if (withHessian < least || allHessian - withHessian < least) continue;
      const sum =
        score(withGradient * gradientUnit, withHessian * hessianUnit, lambda, alpha) +
        score((allGradient - withGradient) * gradientUnit, (allHessian - withHessian) * hessianUnit, lambda, alpha);
      if (sum > bestSum) {
        [bestSum, bestFeature, bestBin] = [sum, feature, bin];
        [bestGradient, bestHessian] = [withGradient, withHessian];
        bestMissingLeft = true;
      }
    }
  }
  if (bestFeature < 0) return null;
  return {
    feature: bestFeature,
    bin: bestBin,
    isEqual: thresholds[bestFeature] === null,
    isMissingLeft: bestMissingLeft,
    gain: bestSum - whole,
    left: { gradient: bestGradient, hessian: bestHessian },
    right: { gradient: allGradient - bestGradient, hessian: allHessian - bestHessian },
  };
}

/** The weight of a leaf, without the learning rate. XGBoost's paper has the formulas: Chen and Guestrin 2016, equations 5 to 7. */
export function weightOf({ gradient, hessian }: Sums, { lambda, alpha, unit }: Regularisation): number {
  const denominator = hessian * unit.hessian + lambda;
  return denominator > 0 ? -shrunk(gradient * unit.gradient, alpha) / denominator : 0;
}

function score(gradient: number, hessian: number, lambda: number, alpha: number): number {
  const denominator = hessian + lambda;
  const left = alpha === 0 ? gradient : shrunk(gradient, alpha);
  return denominator > 0 ? (left * left) / denominator : 0;
}

const shrunk = (gradient: number, alpha: number): number => Math.sign(gradient) * Math.max(Math.abs(gradient) - alpha, 0);
