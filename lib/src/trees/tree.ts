/** A tree as lists: node 0 is the root, and the members with the same index belong to one node. */
export interface Tree {
  /** The feature that a node asks about; -1 for a leaf. */
  readonly feature: readonly number[];
  /** A row goes left if its value is at most this; for a category, if it equals it. */
  readonly threshold: readonly number[];
  readonly isMissingLeft: readonly boolean[];
  readonly left: readonly number[];
  readonly right: readonly number[];
  /** What a leaf adds to the margin. */
  readonly value: readonly number[];
  /** How much a split lowers the loss. */
  readonly gain: readonly number[];
  /** The sum of the hessians of a node's rows. */
  readonly cover: readonly number[];
}

/** The leaf's value for the row that begins at `matrix[first]`. */
export function leafOf(tree: Tree, isCategory: readonly boolean[], matrix: Float32Array, first: number): number {
  const { feature, threshold, isMissingLeft, left, right, value } = tree;
  let node = 0;
  for (let at = feature[0] as number; at >= 0; at = feature[node] as number) {
    const x = matrix[first + at] as number;
    const limit = threshold[node] as number;
    const isLeft = Number.isNaN(x) ? isMissingLeft[node] : isCategory[at] ? x === limit : x <= limit;
    node = (isLeft ? left[node] : right[node]) as number;
  }
  return value[node] as number;
}
