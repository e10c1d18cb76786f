import type { Feature } from './features.js';
import type { ObjectiveName } from './objective.js';
import type { Tree } from './tree.js';

/** A model of trees as data, which JSON can carry. */
export interface TreesModelData {
  readonly format: 'nbserve-trees';
  readonly version: 1;
  readonly objective: ObjectiveName;
  readonly label: string;
  readonly features: readonly Feature[];
  /** The margin that each row begins with. */
  readonly base: number;
  readonly trees: readonly Tree[];
}

/** The exponent of the smallest Float32 that has all its digits. */
const LEAST_EXPONENT = -126;

/**
 * The model with base and leaves rounded so that the sum of any of its leaves is exact in Float32: to multiples of a power of two, of which the largest sum
 * has less than 2²³.
 */
export function withExactSums(data: TreesModelData): TreesModelData {
  const largest = (values: readonly number[]) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const bound = data.trees.reduce((sum, { value }) => sum + largest(value), Math.abs(data.base));
  const unit = 2 ** Math.max(Math.ceil(Math.log2(bound)) - 22, LEAST_EXPONENT);
  // Adding 0 makes 0 of -0, as ONNX Runtime does.
  const round = (value: number) => Math.round(value / unit) * unit + 0;
  return { ...data, base: round(data.base), trees: data.trees.map((tree) => ({ ...tree, value: tree.value.map(round) })) };
}
