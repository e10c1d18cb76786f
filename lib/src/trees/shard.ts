import { mixBits } from '../core/index.js';
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

/** A worker of the training. All methods of all workers are called in the same order. */
export interface TreesWorker {
  state(): Promise<ShardState>;
  /** Begins a tree, and answers with the histogram of its root. @param gradientUnit the value of 1 in the sums of gradients */
  root(tree: number, gradientUnit: number): Promise<Histogram>;
  /** Splits nodes, and answers with the histograms of the children that are wanted, one after the other. */
  split(decisions: readonly Decision[]): Promise<Histogram>;
  /** Ends a tree: adds the values of its leaves to the margins. */
  finish(leaves: ReadonlyMap<number, number>): Promise<ShardState>;
  predictions(): Promise<Float64Array>;
}

/** The value of 1 in the sums of hessians, which are at most 1. */
export const HESSIAN_UNIT = 2 ** -22;

/** Trains on rows in this process. */
export class Shard implements TreesWorker {
  readonly #init: ShardInit;
  readonly #rows: BinnedRows;
  readonly #width: number;
  readonly #margins: Float64Array;
  readonly #predictions: Float64Array;
  /** The rows of each node, one node after the other. */
  readonly #order: Uint32Array;
  readonly #moved: Uint32Array;
  /** For each node, the first of its rows in the order, and the end. */
  readonly #ranges = new Map<number, readonly [from: number, to: number]>();

  constructor(init: ShardInit) {
    const { bins, counts, labels, base } = init;
    const rows = labels.length;
    this.#init = init;
    this.#width = counts.length;
    this.#rows = {
      bins,
      offsets: offsetsOf(counts),
      gradients: new Float32Array(rows),
      hessians: new Float32Array(rows),
    };
    this.#margins = new Float64Array(rows).fill(base);
    this.#predictions = new Float64Array(rows).fill(OBJECTIVES[init.objective].predict(base));
    this.#order = new Uint32Array(rows);
    this.#moved = new Uint32Array(rows);
  }

  state(): Promise<ShardState> {
    const { labels, objective, metrics } = this.#init;
    const { gradient } = OBJECTIVES[objective];
    let largestGradient = 0;
    const losses = metrics.map((metric) => (metric === 'auc' ? null : ROW_LOSS[metric]));
    const sums = metrics.map(() => 0);
    for (let row = 0; row < labels.length; row += 1) {
      const prediction = this.#predictions[row] as number;
      const label = labels[row] as number;
      largestGradient = Math.max(largestGradient, Math.abs(gradient(prediction, label)));
      for (let i = 0; i < sums.length; i += 1) sums[i] = (sums[i] as number) + (losses[i]?.(prediction, label) ?? 0);
    }
    return Promise.resolve({ largestGradient, sums });
  }

  root(tree: number, gradientUnit: number): Promise<Histogram> {
    const { labels, objective, subsample, seed, firstRow } = this.#init;
    const { gradient, hessian } = OBJECTIVES[objective];
    const { gradients, hessians } = this.#rows;
    const treeBits = mixBits(seed ^ mixBits(tree + 1));
    const limit = subsample * 2 ** 32;
    for (let row = 0; row < labels.length; row += 1) {
      this.#order[row] = row;
      // A row that the tree does not sample takes part with a weight of 0, so that it reaches its leaf too.
      const isSampled = subsample === 1 || mixBits(treeBits ^ (firstRow + row)) < limit;
      const prediction = this.#predictions[row] as number;
      gradients[row] = isSampled ? Math.round(gradient(prediction, labels[row] as number) / gradientUnit) : 0;
      hessians[row] = isSampled ? Math.max(1, Math.round(hessian(prediction) / HESSIAN_UNIT)) : 0;
    }
    this.#ranges.clear();
    this.#ranges.set(0, [0, labels.length]);
    return Promise.resolve(this.#histograms([0]));
  }

  split(decisions: readonly Decision[]): Promise<Histogram> {
    for (const decision of decisions) this.#split(decision);
    return Promise.resolve(this.#histograms(decisions.map(({ build }) => build).filter((node) => node >= 0)));
  }

  finish(leaves: ReadonlyMap<number, number>): Promise<ShardState> {
    const { predict } = OBJECTIVES[this.#init.objective];
    for (const [node, value] of leaves) {
      const [from, to] = this.#rangeOf(node);
      for (let i = from; i < to; i += 1) {
        const row = this.#order[i] as number;
        const margin = (this.#margins[row] as number) + value;
        this.#margins[row] = margin;
        this.#predictions[row] = predict(margin);
      }
    }
    return this.state();
  }

  predictions(): Promise<Float64Array> {
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
    const { bins } = this.#rows;
    const order = this.#order;
    let [toLeft, toRight] = [from, 0];
    for (let i = from; i < to; i += 1) {
      const row = order[i] as number;
      const own = bins[row * this.#width + feature] as number;
      const isLeft = own === 0 ? isMissingLeft : isEqual ? own === bin : own <= bin;
      if (isLeft) order[toLeft++] = row;
      else this.#moved[toRight++] = row;
    }
    order.set(this.#moved.subarray(0, toRight), toLeft);
    this.#ranges.set(left, [from, toLeft]);
    this.#ranges.set(right, [toLeft, to]);
  }

  #rangeOf(node: number): readonly [from: number, to: number] {
    return this.#ranges.get(node) as readonly [number, number];
  }
}

/** The metric of all rows from the sums of the workers. */
export const metricOf = (metric: MetricName, states: readonly ShardState[], at: number, rows: number): number =>
  fromSum(
    metric,
    states.reduce((sum, { sums }) => sum + (sums[at] as number), 0),
    rows,
  );
