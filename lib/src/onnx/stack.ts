import { aboutInput } from '../core/index.js';
import { allocate } from './elements.js';
import { CannotBatch } from './errors.js';
import { bitsOf } from './float16.js';
import { inheritOrigin, isShapedByData } from './shaped-by-data.js';
import { sizeOf } from './tensor.js';
import type { DataType, Tensor } from './types.js';

/** Joins tensors of the same type and shape along a new first dimension: three of `[28, 28]` give `[3, 28, 28]`. */
export function stack<T extends DataType>(tensors: readonly Tensor<T>[]): Tensor<T> {
  return concat(tensors.map((each) => inheritOrigin({ type: each.type, dims: [1, ...each.dims], data: each.data }, [each])));
}

/** Splits a tensor along its first dimension, which the parts do not have. The parts share its memory. */
export function unstack<T extends DataType>(value: Tensor<T>): Tensor<T>[] {
  return split(value, new Array<number>(value.dims[0] ?? 0).fill(1)).map(({ type, dims, data }) => ({
    type,
    dims: dims.slice(1),
    data,
  }));
}

/** Joins tensors along their first dimension: `[2, 784]` and `[1, 784]` give `[3, 784]`. */
export function concat<T extends DataType>(tensors: readonly Tensor<T>[]): Tensor<T> {
  const [first] = tensors;
  if (first === undefined) throw CannotBatch({ reason: 'there are no tensors to join' });
  const rest = first.dims.slice(1);
  let rows = 0;
  for (const [i, { type, dims }] of tensors.entries()) {
    if (dims.length === 0) throw CannotBatch({ reason: 'a scalar has no first dimension to join along' });
    if (type !== first.type || dims.length !== first.dims.length || rest.some((dim, axis) => dim !== dims[axis + 1])) {
      const error = CannotBatch({
        reason: `tensor 0 is ${first.type}[${first.dims.join(', ')}], tensor ${i} is ${type}[${dims.join(', ')}]`,
      });
      throw tensors.some(isShapedByData) ? aboutInput(error) : error;
    }
    rows += dims[0] as number;
  }
  const data = allocate(first.type, rows * sizeOf(rest));
  let at = 0;
  for (const part of tensors) {
    if (Array.isArray(data)) for (let i = 0; i < part.data.length; i += 1) data[at + i] = part.data[i];
    else (data as Float32Array).set(bitsOf(part.data) as Float32Array, at);
    at += part.data.length;
  }
  return inheritOrigin({ type: first.type, dims: [rows, ...rest], data }, tensors);
}

/** Splits a tensor along its first dimension: part i gets `counts[i]` rows. The parts share its memory. */
export function split<T extends DataType>(value: Tensor<T>, counts: readonly number[]): Tensor<T>[] {
  const rows = counts.reduce((sum, count) => sum + count, 0);
  if (value.dims.length === 0 || rows !== value.dims[0]) {
    throw CannotBatch({ reason: `a tensor of shape [${value.dims.join(', ')}] cannot be split into ${rows} rows` });
  }
  const step = sizeOf(value.dims.slice(1));
  let at = 0;
  return counts.map((count) => {
    const [start, end] = [at * step, (at + count) * step];
    at += count;
    const data = Array.isArray(value.data)
      ? value.data.slice(start, end)
      : (bitsOf(value.data) as Float32Array).subarray(start, end);
    return { type: value.type, dims: [count, ...value.dims.slice(1)], data: data as Tensor<T>['data'] };
  });
}
