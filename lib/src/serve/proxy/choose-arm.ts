import { fnv1a, mixBits } from '../../core/index.js';
import type { SplitArm } from '../protocol/index.js';

/**
 * The arm whose part of the line of weights contains the point. An arm with weight 0 is never chosen.
 * @param point a number in [0, 1)
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
  // Because of rounding, the sum of the weights may be a little below 1.
  return last;
}

/**
 * The arm for a key: the one with the highest score `-weight / ln(u)`, where `u` in (0, 1) depends only on the key and the application. So every
 * proxy chooses the same arm, and arms get keys in proportion to their weights. When weights change, a key moves only to an arm whose weight has
 * grown relative to that of its current arm.
 * Schindelhauer and Schomaker, "Weighted Distributed Hash Tables" (2005).
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
