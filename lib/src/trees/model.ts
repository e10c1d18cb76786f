import { encode, type Feature } from './features.js';
import type { TreesModelData } from './model-data.js';
import { OBJECTIVES } from './objective.js';
import { writeOnnx } from './onnx-file.js';
import { type Columns, toColumns } from './table.js';
import { leafOf } from './tree.js';

/** How the importance of a feature is measured, by the names of XGBoost. */
export type ImportanceType = 'gain' | 'total_gain' | 'cover' | 'total_cover' | 'weight';

/**
 * A trained model of trees. Values, thresholds and leaves are Float32, as in ONNX. The margin of a row, which is the sum of its leaves, is exact in Float32,
 * so ONNX Runtime computes the same one, whatever the order of its additions.
 */
export class TreesModel {
  readonly #data: TreesModelData;

  constructor(data: TreesModelData) {
    this.#data = data;
  }

  /** The columns that the model needs, in the order of the matrix. */
  get features(): readonly Feature[] {
    return this.#data.features;
  }

  /** The number of trees. */
  get numTrees(): number {
    return this.#data.trees.length;
  }

  /**
   * One number for each row: the probability of label 1, or the value.
   * @param data rows or columns; other columns than those of the model are ignored
   * @throws NBS_TREES_NO_TABLE, NBS_TREES_NO_COLUMN, NBS_TREES_WRONG_VALUE
   */
  predict(data: readonly object[] | Columns): Float32Array {
    const { predict } = OBJECTIVES[this.#data.objective];
    return this.margins(this.encode(data)).map((margin) => predict(margin));
  }

  /**
   * The matrix that the ONNX model takes as `X`, of the shape [rows, features.length], row after row. A missing value is NaN; a text is the number of its
   * category, or -1 if training did not have it.
   */
  encode(data: readonly object[] | Columns): Float32Array {
    return encode('TreesModel.predict', toColumns('TreesModel.predict', data), this.#data.features);
  }

  /** For each row of a matrix of {@link encode}, the sum of its leaves: the prediction before the logistic function. */
  margins(matrix: Float32Array): Float32Array {
    const { features, trees, base } = this.#data;
    const isCategory = features.map(({ categories }) => categories !== undefined);
    const margins = new Float32Array(matrix.length / features.length).fill(base);
    for (const tree of trees) {
      for (let row = 0; row < margins.length; row += 1)
        margins[row] = (margins[row] as number) + leafOf(tree, isCategory, matrix, row * features.length);
    }
    return margins;
  }

  /**
   * How much each feature counts: the gain of the splits that use it (the mean, or the total), the weight of the rows that they split (`cover`), or their
   * number (`weight`). Features that no split uses are absent.
   */
  featureImportances(type: ImportanceType = 'gain'): Record<string, number> {
    const sums = new Map<string, { total: number; splits: number }>();
    for (const tree of this.#data.trees) {
      tree.feature.forEach((at, node) => {
        const name = this.#data.features[at]?.name;
        if (name === undefined) return;
        const sum = sums.get(name) ?? { total: 0, splits: 0 };
        sum.total += (type.endsWith('cover') ? tree.cover[node] : tree.gain[node]) as number;
        sum.splits += 1;
        sums.set(name, sum);
      });
    }
    const pairs = [...sums].map(([name, { total, splits }]) => {
      const value = type === 'weight' ? splits : type.startsWith('total') ? total : total / splits;
      return [name, value] as const;
    });
    return Object.fromEntries(pairs.sort(([, a], [, b]) => b - a));
  }

  /** The model as an ONNX file: input `X`, outputs `prediction` and `margin`, each of the shape [rows, 1]. */
  toOnnx(): Uint8Array {
    return writeOnnx(this.#data);
  }

  toJSON(): TreesModelData {
    return this.#data;
  }
}
