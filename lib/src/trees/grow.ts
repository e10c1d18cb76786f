import type { Bins } from './bins.js';
import { addTo, type Histogram, LARGEST, offsetsOf, subtractFrom } from './histogram.js';
import { type Decision, HESSIAN_UNIT, type ShardState, type TreesWorker } from './shard.js';
import { findSplit, type Regularisation, type Split, type Sums, weightOf } from './split.js';
import type { Tree } from './tree.js';

/** What a tree is grown with. */
export interface Growth {
  readonly bins: Bins;
  readonly maxDepth: number;
  readonly eta: number;
  readonly rules: Omit<Regularisation, 'unit'>;
}

/** Smaller gradients are no reason to split. */
const LEAST_GRADIENT = 2 ** -100;

interface Node {
  readonly id: number;
  readonly sums: Sums;
  readonly histogram: Histogram;
}

interface Draft {
  split: Split | null;
  left: number;
  right: number;
  readonly sums: Sums;
}

/**
 * Grows one tree, level by level, over the rows of all workers. Each worker sums over its own rows; the sums of all decide.
 * @param largest the largest absolute gradient of all rows
 * @param features the features that this tree may use
 */
export async function growTree(
  workers: readonly TreesWorker[],
  growth: Growth,
  number: number,
  largest: number,
  features: readonly number[],
): Promise<{ readonly tree: Tree; readonly states: readonly ShardState[] }> {
  const { bins, maxDepth } = growth;
  const offsets = offsetsOf(bins.counts);
  // A power of two, so that dividing by it rounds only once.
  const gradientUnit = 2 ** Math.ceil(Math.log2(Math.max(largest, LEAST_GRADIENT))) / LARGEST;
  const rules = { ...growth.rules, unit: { gradient: gradientUnit, hessian: HESSIAN_UNIT } };
  const root = await sumOf(workers.map((worker) => worker.root(number, gradientUnit)));
  const sums = totalOf(root, bins);
  const drafts: Draft[] = [{ split: null, left: 0, right: 0, sums }];
  let level: Node[] = [{ id: 0, sums, histogram: root }];
  for (let depth = 0; depth < maxDepth && level.length > 0; depth += 1) {
    const isLast = depth + 1 === maxDepth;
    const decisions: Decision[] = [];
    const parents: Histogram[] = [];
    for (const { id, sums: total, histogram } of level) {
      const split = findSplit(histogram, total, bins, offsets, features, rules);
      if (split === null) continue;
      const draft = drafts[id] as Draft;
      draft.split = split;
      draft.left = drafts.push({ split: null, left: 0, right: 0, sums: split.left }) - 1;
      draft.right = drafts.push({ split: null, left: 0, right: 0, sums: split.right }) - 1;
      // The smaller child has fewer rows to sum over. The sums of all workers say which it is, so all build the same one.
      const smaller = split.left.hessian < split.right.hessian ? draft.left : draft.right;
      const { feature, bin, isEqual, isMissingLeft } = split;
      const { left, right } = draft;
      decisions.push({ node: id, feature, bin, isEqual, isMissingLeft, left, right, build: isLast ? -1 : smaller });
      parents.push(histogram);
    }
    if (decisions.length === 0) break;
    const built = await sumOf(workers.map((worker) => worker.split(decisions)));
    level = isLast ? [] : childrenOf(decisions, parents, built, drafts);
  }
  const leaves = new Map<number, number>();
  drafts.forEach((draft, id) => {
    if (draft.split === null) leaves.set(id, Math.fround(growth.eta * weightOf(draft.sums, rules)));
  });
  const states = await Promise.all(workers.map((worker) => worker.finish(leaves)));
  return { tree: toTree(drafts, leaves, bins), states };
}

/** The histograms of all workers, added in their order. */
async function sumOf(answers: readonly Promise<Histogram>[]): Promise<Histogram> {
  const [first, ...others] = await Promise.all(answers);
  for (const other of others) addTo(first as Histogram, other);
  return first as Histogram;
}

/** Every row is in one bin of the first feature. */
function totalOf(histogram: Histogram, { counts }: Bins): Sums {
  let [gradient, hessian] = [0, 0];
  for (let bin = 0; bin < (counts[0] as number); bin += 1) {
    gradient += histogram[2 * bin] as number;
    hessian += histogram[2 * bin + 1] as number;
  }
  return { gradient, hessian };
}

function childrenOf(
  decisions: readonly Decision[],
  parents: readonly Histogram[],
  built: Histogram,
  drafts: readonly Draft[],
): Node[] {
  const length = built.length / decisions.length;
  return decisions.flatMap(({ left, right, build }, i) => {
    const own = built.subarray(i * length, (i + 1) * length);
    const other = parents[i] as Histogram;
    subtractFrom(other, own);
    return [left, right].map((id) => ({
      id,
      sums: (drafts[id] as Draft).sums,
      histogram: id === build ? own : other,
    }));
  });
}

function toTree(drafts: readonly Draft[], leaves: ReadonlyMap<number, number>, { thresholds }: Bins): Tree {
  const splits = drafts.map(({ split }) => split);
  return {
    feature: splits.map((split) => split?.feature ?? -1),
    threshold: splits.map((split) => (split === null ? 0 : thresholdOf(split, thresholds[split.feature] ?? null))),
    isMissingLeft: splits.map((split) => split?.isMissingLeft ?? false),
    left: drafts.map(({ left }) => left),
    right: drafts.map(({ right }) => right),
    value: drafts.map((_, id) => leaves.get(id) ?? 0),
    gain: splits.map((split) => split?.gain ?? 0),
    cover: drafts.map(({ sums }) => sums.hessian * HESSIAN_UNIT),
  };
}

/** The number that the values of the left child do not exceed; for a category, its own number. */
function thresholdOf({ bin }: Split, limits: Float32Array | null): number {
  if (limits === null) return bin - 1;
  return bin - 1 < limits.length ? (limits[bin - 1] as number) : Number.POSITIVE_INFINITY;
}
