import { operatorsOf, type TensorInfo } from '../onnx/index.js';

/** Operators that read the keys and values of a row from its beginning on, and take from the mask only how many there are. */
const FROM_THE_BEGINNING = ['GroupQueryAttention', 'SparseAttention', 'PagedAttention'];

/**
 * Why a language model cannot compute rows that are padded on the left; undefined if it can.
 * Without `position_ids`, a model counts the padding of a row as tokens.
 * @param path the model's file
 */
export function whyNotPadded(inputs: readonly TensorInfo[], path: string): string | undefined {
  if (!inputs.some(({ name }) => name === 'position_ids')) return 'the model has no input position_ids';
  const all = operatorsOf(path);
  const found = FROM_THE_BEGINNING.find((name) => all.has(name));
  return found === undefined ? undefined : `its operator ${found} cannot leave out the padding of a batch`;
}
