import { mixBits } from '../core/index.js';
import { WorkerLost } from './errors.js';
import { addRows, type BinnedRows, type Histogram, offsetsOf } from './histogram.js';
import { fromSum, type MetricName, ROW_LOSS } from './metrics.js';
import { OBJECTIVES, type ObjectiveName } from './objective.js';

/** The rows that one worker trains on, and what it needs to know about the training. */
export interface ShardInit {
  readonly bins: Uint8Array;
  /** The number of bins of each feature. */
  readonly counts: Uint16Array;
  readonly labels: Float64Array;
  /** The number of the first row among the rows of all workers. It decides which rows a tree samples. */
  readonly firstRow: number;
  readonly base: number;
  /** The margins after the trees that there are already. @default no trees: each is the base */
  readonly margins?: Float64Array | undefined;
  /** The number of these trees. @default 0 */
  readonly trees?: number;
  readonly objective: ObjectiveName;
  readonly metrics: readonly MetricName[];
  readonly subsample: number;
  readonly seed: number;
}

/** A node that gets two children. Workers answer with the histogram of the child `build`. */
export interface Decision {
  readonly node: number;
  readonly feature: number;
  readonly bin: number;
  readonly isEqual: boolean;
  readonly isMissingLeft: boolean;
  readonly left: number;
  readonly right: number;
  /** The child whose histogram is wanted; -1 for none. The other one's is the difference to the parent's. */
  readonly build: number;
}

/** The state of the rows of a worker between two trees. */
export interface ShardState {
  /** The largest absolute gradient. */
  readonly largestGradient: number;
  /** For each metric, the sum over the rows; 0 for `auc`, which is no sum. */
  readonly sums: readonly number[];
}

/**
 * A worker of the training. All methods of all workers are called in the same order. If its process died between two calls, a new one has none of the trees
 * that were grown since, and its methods throw NBS_TREES_WORKER_LOST.
 */
export interface TreesWorker {
  state(): Promise<ShardState>;
  /** Begins a tree, and answers with the histogram of its root. @param gradientUnit the value of 1 in the sums of gradients */
  root(tree: number, gradientUnit: number): Promise<Histogram>;
  /** Splits nodes, and answers with the histograms of the children that are wanted, one after the other. */
  split(decisions: readonly Decision[]): Promise<Histogram>;
  /** Ends a tree: adds the values of its leaves to the margins. */
  finish(leaves: ReadonlyMap<number, number>): Promise<ShardState>;
  /** @param trees the number of trees that there are */
  predictions(trees: number): Promise<Float64Array>;
}

/** The value of 1 in the sums of hessians, which are at most 1. */
export const HESSIAN_UNIT = 2 ** -22;

/** Trains on rows in this process. */
export class Shard implements TreesWorker {
  readonly #init: ShardInit;
  readonly #rows: BinnedRows;
  readonly #width: number;
  /** The bins once more, column after column: a split reads one column, which lies in one place of the memory. */
  readonly #columns: readonly Uint8Array[];
  /** The gradients before they are rounded. */
  readonly #exact: Float64Array;
  readonly #margins: Float64Array;
  readonly #predictions: Float64Array;
  /** The rows of each node, one node after the other. */
  readonly #order: Uint32Array;
  readonly #moved: Uint32Array;
  /** For each node, the first of its rows in the order, and the end. */
  readonly #ranges = new Map<number, readonly [from: number, to: number]>();

  #trees: number;
  #isGrowing = false;

  constructor(init: ShardInit) {
    const { bins, counts, labels, base, margins } = init;
    const rows = labels.length;
    this.#init = init;
    this.#trees = init.trees ?? 0;
    this.#width = counts.length;
    this.#rows = {
      bins,
      offsets: offsetsOf(counts),
      gradients: new Float32Array(rows),
      hessians: new Float32Array(rows),
    };
    this.#columns = columnsOf(bins, counts.length);
    this.#exact = new Float64Array(rows);
    this.#margins = margins?.slice() ?? new Float64Array(rows).fill(base);
    const { predict } = OBJECTIVES[init.objective];
    this.#predictions = this.#margins.map((margin) => predict(margin));
    this.#order = new Uint32Array(rows);
    this.#moved = new Uint32Array(rows);
  }

  state(): Promise<ShardState> {
    const { labels, objective, metrics } = this.#init;
    const { gradient } = OBJECTIVES[objective];
    const predictions = this.#predictions;
    const exact = this.#exact;
    let largestGradient = 0;
    for (let row = 0; row < labels.length; row += 1) {
      const own = gradient(predictions[row] as number, labels[row] as number);
      exact[row] = own;
      const size = Math.abs(own);
      if (size > largestGradient) largestGradient = size;
    }
    const sums = metrics.map((metric) => (metric === 'auc' ? 0 : sumOfLosses(predictions, labels, ROW_LOSS[metric])));
    return Promise.resolve({ largestGradient, sums });
  }

  root(tree: number, gradientUnit: number): Promise<Histogram> {
    this.#check(tree, false);
    this.#isGrowing = true;
    const { labels, objective, subsample, seed, firstRow } = this.#init;
    const { hessian } = OBJECTIVES[objective];
    const { gradients, hessians } = this.#rows;
    const order = this.#order;
    const exact = this.#exact;
    const predictions = this.#predictions;
    const treeBits = mixBits(Math.imul(mixBits(seed + 1), 0x9e3779b1) + tree);
    const limit = subsample * 2 ** 32;
    // The units are powers of two, so a product with their inverse is as exact as a quotient.
    const [perGradient, perHessian] = [1 / gradientUnit, 1 / HESSIAN_UNIT];
    for (let row = 0; row < labels.length; row += 1) {
      order[row] = row;
      // A row that the tree does not sample takes part with a weight of 0, so that it reaches its leaf too.
      const isSampled = subsample === 1 || mixBits(treeBits ^ (firstRow + row)) < limit;
      gradients[row] = isSampled ? Math.round((exact[row] as number) * perGradient) : 0;
      hessians[row] = isSampled ? Math.max(1, Math.round(hessian(predictions[row] as number) * perHessian)) : 0;
    }
    this.#ranges.clear();
    this.#ranges.set(0, [0, labels.length]);
    return Promise.resolve(this.#histograms([0]));
  }

  split(decisions: readonly Decision[]): Promise<Histogram> {
    this.#check(this.#trees, true);
    for (const decision of decisions) this.#split(decision);
    return Promise.resolve(this.#histograms(decisions.map(({ build }) => build).filter((node) => node >= 0)));
  }

  finish(leaves: ReadonlyMap<number, number>): Promise<ShardState> {
    this.#check(this.#trees, true);
    this.#isGrowing = false;
    this.#trees += 1;
    const { predict } = OBJECTIVES[this.#init.objective];
    const order = this.#order;
    const margins = this.#margins;
    for (const [node, value] of leaves) {
      const [from, to] = this.#rangeOf(node);
      for (let i = from; i < to; i += 1) {
        const row = order[i] as number;
        margins[row] = (margins[row] as number) + value;
      }
    }
    const predictions = this.#predictions;
    for (let row = 0; row < margins.length; row += 1) predictions[row] = predict(margins[row] as number);
    return this.state();
  }

  #check(trees: number, isGrowing: boolean): void {
    if (trees !== this.#trees || isGrowing !== this.#isGrowing) throw WorkerLost({});
  }

  predictions(trees: number): Promise<Float64Array> {
    this.#check(trees, false);
    return Promise.resolve(this.#predictions);
  }

  #histograms(nodes: readonly number[]): Histogram {
    const length = this.#rows.offsets[this.#width] as number;
    const all = new Float64Array(nodes.length * length);
    nodes.forEach((node, i) => {
      const [from, to] = this.#rangeOf(node);
      addRows(all.subarray(i * length, (i + 1) * length), this.#rows, this.#order, from, to);
    });
    return all;
  }

  #split({ node, feature, bin, isEqual, isMissingLeft, left, right }: Decision): void {
    const [from, to] = this.#rangeOf(node);
    const column = this.#columns[feature] as Uint8Array;
    const order = this.#order;
    const moved = this.#moved;
    const isLeft = new Uint8Array(256).fill(1, isEqual ? bin : 1, bin + 1);
    isLeft[0] = Number(isMissingLeft);
    let toLeft = from;
    let toRight = 0;
    // Each row is written to both sides, and only one of them moves on: a branch would be guessed wrong for many rows.
    for (let i = from; i < to; i += 1) {
      const row = order[i] as number;
      const step = isLeft[column[row] as number] as number;
      order[toLeft] = row;
      moved[toRight] = row;
      toLeft += step;
      toRight += 1 - step;
    }
    order.set(moved.subarray(0, toRight), toLeft);
    this.#ranges.set(left, [from, toLeft]);
    this.#ranges.set(right, [toLeft, to]);
  }

  #rangeOf(node: number): readonly [from: number, to: number] {
    return this.#ranges.get(node) as readonly [number, number];
  }
}

/** A matrix, which has row after row, as columns. */
function columnsOf(matrix: Uint8Array, width: number): Uint8Array[] {
  return Array.from({ length: width }, (_, at) => {
    const column = new Uint8Array(matrix.length / width);
    for (let row = 0; row < column.length; row += 1) column[row] = matrix[row * width + at] as number;
    return column;
  });
}

function sumOfLosses(
  predictions: Float64Array,
  labels: Float64Array,
  loss: (prediction: number, label: number) => number,
): number {
  let sum = 0;
  for (let row = 0; row < labels.length; row += 1) sum += loss(predictions[row] as number, labels[row] as number);
  return sum;
}

/** The metric of all rows from the sums of the workers. */
export const metricOf = (metric: MetricName, states: readonly ShardState[], at: number, rows: number): number =>
  fromSum(
    metric,
    states.reduce((sum, { sums }) => sum + (sums[at] as number), 0),
    rows,
  );
