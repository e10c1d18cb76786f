import { allocate } from './elements.js';
import { CannotBatch } from './errors.js';
import { bitsOf } from './float16.js';
import { faultOf, inheritOrigin } from './shaped-by-data.js';
import { elementsOf, sizeOf } from './tensor.js';
import type { DataType, Tensor } from './types.js';

/** Which dimension tensors are joined or split along. */
export interface AxisOptions {
  /** The dimension, from 0; -1 is the last one. @default 0 */
  readonly axis?: number;
}

/**
 * Joins tensors of the same type and shape along a new dimension: three of `[28, 28]` give `[3, 28, 28]`, and `[28, 3, 28]` with `axis: 1`.
 * @throws NBS_ONNX_CANNOT_BATCH
 */
export function stack<T extends DataType>(tensors: readonly Tensor<T>[], { axis = 0 }: AxisOptions = {}): Tensor<T> {
  const place = placeOf(axis, (tensors[0]?.dims.length ?? 0) + 1);
  return concat(
    tensors.map((each) =>
      inheritOrigin({ type: each.type, dims: [...each.dims.slice(0, place), 1, ...each.dims.slice(place)], data: each.data }, [
        each,
      ]),
    ),
    { axis: place },
  );
}

/**
 * Splits a tensor along a dimension, which the parts do not have: `[3, 28, 28]` gives three of `[28, 28]`. Along the first dimension, the parts share its memory.
 * @throws NBS_ONNX_CANNOT_BATCH if there is no such dimension
 */
export function unstack<T extends DataType>(value: Tensor<T>, { axis = 0 }: AxisOptions = {}): Tensor<T>[] {
  if (value.dims.length === 0 && axis === 0) return [];
  const place = placeOf(axis, value.dims.length);
  return split(value, new Array<number>(value.dims[place] ?? 0).fill(1), { axis: place }).map(({ type, dims, data }) =>
    inheritOrigin({ type, dims: dims.filter((_, at) => at !== place), data }, [value]),
  );
}

/**
 * Joins tensors along a dimension: `[2, 784]` and `[1, 784]` give `[3, 784]`; with `axis: 1`, `[4, 2, 8]` and `[4, 1, 8]` give `[4, 3, 8]`.
 * @throws NBS_ONNX_CANNOT_BATCH if their types or their other dimensions differ; NBS_ONNX_INVALID_TENSOR if the values of one do not fit its type or dimensions
 */
export function concat<T extends DataType>(tensors: readonly Tensor<T>[], { axis = 0 }: AxisOptions = {}): Tensor<T> {
  const [first] = tensors;
  if (first === undefined) throw CannotBatch({ reason: 'there are no tensors to join' });
  const rank = first.dims.length;
  let rows = 0;
  for (const [i, { type, dims }] of tensors.entries()) {
    if (dims.length === 0) throw CannotBatch({ reason: 'a scalar has no first dimension to join along' });
    const place = placeOf(axis, rank);
    if (type !== first.type || dims.length !== rank || first.dims.some((dim, at) => at !== place && dim !== dims[at])) {
      const error = CannotBatch({
        reason: `tensor 0 is ${first.type}[${first.dims.join(', ')}], tensor ${i} is ${type}[${dims.join(', ')}]${place === 0 ? '' : `, and they are joined along dimension ${place}`}`,
      });
      throw faultOf(error, tensors);
    }
    rows += dims[place] as number;
  }
  const place = placeOf(axis, rank);
  const dims = first.dims.with(place, rows);
  const parts = tensors.map((each) => ({ dims: each.dims, elements: elementsOf(each) }));
  const data = allocate(first.type, sizeOf(dims));
  const blocks = sizeOf(dims.slice(0, place));
  const stride = sizeOf(dims.slice(place));
  let at = 0;
  for (const part of parts) {
    const size = sizeOf(part.dims.slice(place));
    for (let block = 0; block < blocks; block += 1) copy(data, at + block * stride, part.elements, block * size, size);
    at += size;
  }
  return inheritOrigin({ type: first.type, dims, data }, tensors);
}

/**
 * Splits a tensor along a dimension: part i gets `counts[i]` of its rows. Along the first dimension, the parts share its memory.
 * @throws NBS_ONNX_CANNOT_BATCH if the counts do not add up to the dimension
 */
export function split<T extends DataType>(
  value: Tensor<T>,
  counts: readonly number[],
  { axis = 0 }: AxisOptions = {},
): Tensor<T>[] {
  const rows = counts.reduce((sum, count) => sum + count, 0);
  const place = value.dims.length === 0 ? 0 : placeOf(axis, value.dims.length);
  if (value.dims.length === 0 || rows !== value.dims[place]) {
    const where = place === 0 ? '' : ` along dimension ${place}`;
    const reason = `a tensor of shape [${value.dims.join(', ')}] cannot be split into ${rows} rows${where}`;
    throw faultOf(CannotBatch({ reason }), [value]);
  }
  const [inner, stride] = [sizeOf(value.dims.slice(place + 1)), sizeOf(value.dims.slice(place))];
  const blocks = sizeOf(value.dims.slice(0, place));
  const elements = elementsOf(value);
  let at = 0;
  return counts.map((count) => {
    const [start, size] = [at * inner, count * inner];
    at += count;
    const dims = value.dims.with(place, count);
    if (place === 0) {
      const own = sliceOf(elements, start, start + size) as Tensor<T>['data'];
      return inheritOrigin({ type: value.type, dims, data: own }, [value]);
    }
    const data = allocate(value.type, blocks * size);
    for (let block = 0; block < blocks; block += 1) copy(data, block * size, elements, block * stride + start, size);
    return inheritOrigin({ type: value.type, dims, data }, [value]);
  });
}

/** @throws NBS_ONNX_CANNOT_BATCH */
export function placeOf(axis: number, rank: number): number {
  const place = axis < 0 ? axis + rank : axis;
  if (Number.isInteger(axis) && place >= 0 && place < rank) return place;
  throw CannotBatch({
    reason: `there is no dimension ${axis}; the tensors have ${rank}: valid are 0 to ${rank - 1}, and -1 for the last`,
  });
}

/** Copies elements of one array into another of the same type. */
export function copy(to: Tensor['data'], at: number, from: Tensor['data'], start: number, size: number): void {
  if (Array.isArray(to)) for (let i = 0; i < size; i += 1) to[at + i] = from[start + i];
  else (to as Float32Array).set(sliceOf(from, start, start + size) as Float32Array, at);
}

/** A part of the elements, in the same memory if they are numbers. */
function sliceOf(data: Tensor['data'], start: number, end: number): Tensor['data'] {
  return Array.isArray(data) ? data.slice(start, end) : (bitsOf(data) as Float32Array).subarray(start, end);
}
