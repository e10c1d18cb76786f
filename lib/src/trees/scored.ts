import { auc, fromSum, type MetricName, ROW_LOSS } from './metrics.js';
import { OBJECTIVES, type ObjectiveName } from './objective.js';
import { leafOf, type Tree } from './tree.js';

/** A data set that is not trained on, and its predictions so far. */
export class ScoredSet {
  readonly #matrix: Float32Array;
  readonly #isCategory: readonly boolean[];
  readonly #labels: Float64Array;
  readonly #objective: ObjectiveName;
  readonly #margins: Float64Array;

  constructor(
    matrix: Float32Array,
    isCategory: readonly boolean[],
    labels: Float64Array,
    objective: ObjectiveName,
    base: number,
  ) {
    this.#matrix = matrix;
    this.#isCategory = isCategory;
    this.#labels = labels;
    this.#objective = objective;
    this.#margins = new Float64Array(labels.length).fill(base);
  }

  add(tree: Tree): void {
    const width = this.#isCategory.length;
    for (let row = 0; row < this.#margins.length; row += 1)
      this.#margins[row] = (this.#margins[row] as number) + leafOf(tree, this.#isCategory, this.#matrix, row * width);
  }

  metric(name: MetricName): number {
    const { predict } = OBJECTIVES[this.#objective];
    if (name === 'auc') return auc(this.#margins, this.#labels);
    const loss = ROW_LOSS[name];
    const sum = this.#margins.reduce((total, margin, row) => total + loss(predict(margin), this.#labels[row] as number), 0);
    return fromSum(name, sum, this.#labels.length);
  }
}
