import type { TensorInfo } from '../onnx/index.js';

/** Names that exporters give to the dimension of the batch. */
const BATCH_NAME = /^(n|b|bs|batch|batch_?size|n_?batch|num_?(batch|samples|examples)|.*batch.*)$/i;

/**
 * Whether requests can be joined along the first dimension: `null` if they can, otherwise the reason in words.
 * If the first dimension is free but has no name that says that it is a batch, it may be the length of a text, and joined requests would influence each other.
 * @param isAsked whether the user has set a largest batch, and so has said that the first dimension is the batch
 */
export function batchObstacle(
  {
    inputs,
    outputs,
  }: {
    readonly inputs: readonly TensorInfo[];
    readonly outputs: readonly TensorInfo[];
  },
  isAsked: boolean,
): string | null {
  for (const info of [...inputs, ...outputs]) {
    const [first] = info.shape;
    if (typeof first !== 'string') return `the first dimension of ${info.name} is not free`;
    if (!isAsked && !BATCH_NAME.test(first))
      return `the first dimension of ${info.name} is called '${first}', which does not say that it is a batch`;
  }
  return inputs.length === 0 ? 'the model has no inputs' : null;
}
