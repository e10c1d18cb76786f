import type { Tensor } from './types.js';

/** The arrays that nobody changes. */
const lent = new WeakSet<object>();
/** Up to this size, V8 may move the elements of an array. */
const MOVING_BYTES = 64;

/**
 * Promises that nobody changes or transfers the elements of a tensor any more, so that a run beside the loop reads them where they are. The keys and values of a
 * chat are many megabytes, which each token would copy.
 */
export function lend(tensor: Tensor): Tensor {
  if (ArrayBuffer.isView(tensor.data) && tensor.data.byteLength > MOVING_BYTES) lent.add(tensor.data);
  return tensor;
}

export const isLent = (elements: object): boolean => lent.has(elements);
