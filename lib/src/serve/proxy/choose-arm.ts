import { fnv1a, mixBits } from '../../core/index.js';
import type { SplitArm } from '../protocol/index.js';

/**
 * The arm that a point on the line of weights falls on; one of weight 0 never.
 * @param point in [0, 1)
 */
export function armAt(arms: readonly SplitArm[], point: number): SplitArm | undefined {
  let end = 0;
  let last: SplitArm | undefined;
  for (const arm of arms) {
    if (arm.weight <= 0) continue;
    end += arm.weight;
    last = arm;
    if (point < end) return arm;
  }
  // Sums of fractions may end a little below 1.
  return last;
}

/**
 * The arm of a key: that with the highest score `-weight / ln(u)`, where `u` in (0, 1) comes of key and application alone. So every proxy chooses
 * the same, arms get keys by their weights, and where weights are shifted a key moves only to an arm whose weight has grown against that of its
 * own. Schindelhauer and Schomaker, "Weighted Distributed Hash Tables" (2005).
 */
export function armOf(arms: readonly SplitArm[], key: string): SplitArm | undefined {
  let best: SplitArm | undefined;
  let bestScore = 0;
  for (const arm of arms) {
    const u = (mixBits(fnv1a(key, fnv1a(arm.app))) + 0.5) / 2 ** 32;
    const score = -arm.weight / Math.log(u);
    if (score <= bestScore) continue;
    best = arm;
    bestScore = score;
  }
  return best;
}
