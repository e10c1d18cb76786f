import { InvalidTensor } from './errors.js';
import { bitsOf, fromFloat16 } from './float16.js';
import { elementsOf } from './tensor.js';
import type { Tensor } from './types.js';

type Numbers = ArrayLike<number>;

/**
 * The index of the largest value, or of the first one if several are equal: one number for a plain array, one number for each row (the last dimension)
 * of a tensor. NaN counts only if there is nothing else.
 */
export function argmax(row: Numbers): number;
export function argmax(value: Tensor): number[];
export function argmax(value: Numbers | Tensor): number | number[] {
  return 'dims' in value ? rows(value).map(best) : best(value);
}

/** The probabilities, which sum to 1, for a row of logits. For a tensor, row by row over its last dimension; the result has the same shape. */
export function softmax(row: Numbers): Float32Array;
export function softmax(value: Tensor): Tensor<'float32'>;
export function softmax(value: Numbers | Tensor): Float32Array | Tensor<'float32'> {
  if (!('dims' in value)) return normalise(value);
  const data = new Float32Array(value.data.length);
  let at = 0;
  for (const row of rows(value)) {
    data.set(normalise(row), at);
    at += row.length;
  }
  return { type: 'float32', dims: value.dims, data };
}

/** A class and its value, e.g. its probability. */
export interface Ranked {
  readonly index: number;
  readonly value: number;
}

/**
 * The `count` largest values with their indices, the largest first: one list for a plain array, one list for each row (the last dimension) of a tensor.
 * Equal values keep their order. NaN comes last.
 */
export function topK(row: Numbers, count: number): Ranked[];
export function topK(value: Tensor, count: number): Ranked[][];
export function topK(value: Numbers | Tensor, count: number): Ranked[] | Ranked[][] {
  return 'dims' in value ? rows(value).map((row) => largest(row, count)) : largest(value, count);
}

function largest(row: Numbers, count: number): Ranked[] {
  return Array.from(row, (value, index) => ({ index, value }))
    .sort((a, b) => Number(Number.isNaN(a.value)) - Number(Number.isNaN(b.value)) || b.value - a.value || a.index - b.index)
    .slice(0, Math.max(0, count));
}

function rows(value: Tensor): Numbers[] {
  const { dims, type } = value;
  if (type === 'string') throw InvalidTensor({ reason: `values of type ${type} cannot be compared` });
  const data = elementsOf(value);
  const numbers =
    type === 'float16'
      ? fromFloat16(bitsOf(data) as Uint16Array)
      : type === 'int64' || type === 'uint64'
        ? Float64Array.from(data as ArrayLike<bigint>, Number)
        : (data as Float32Array);
  const width = dims.at(-1) ?? 1;
  return Array.from({ length: width === 0 ? 0 : data.length / width }, (_, i) => numbers.subarray(i * width, (i + 1) * width));
}

function best(row: Numbers): number {
  let index = 0;
  for (let i = 1; i < row.length; i += 1) {
    const largest = row[index] as number;
    if ((row[i] as number) > largest || (Number.isNaN(largest) && !Number.isNaN(row[i]))) index = i;
  }
  return index;
}

function normalise(row: Numbers): Float32Array {
  let max = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < row.length; i += 1) max = Math.max(max, row[i] as number);
  // Without subtracting the maximum, exp() of a logit above 88 overflows float32.
  const out = Float32Array.from(row, (value) => Math.exp(value - max));
  const sum = out.reduce((total, value) => total + value, 0);
  return out.map((value) => value / sum);
}
