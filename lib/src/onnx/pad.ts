import { InvalidOption } from '../core/index.js';
import { allocate, convert } from './elements.js';
import { CannotBatch } from './errors.js';
import { faultOf, inheritOrigin } from './shaped-by-data.js';
import { type AxisOptions, copy, placeOf } from './stack.js';
import { elementsOf, sizeOf } from './tensor.js';
import type { DataType, Tensor } from './types.js';

/** Where the values that fill up a row stand. */
export type PadSide = 'right' | 'left';

/** Options of {@link pad}. */
export interface PadOptions extends AxisOptions {
  /** What a row is filled up with. @default 0; '' for texts */
  readonly value?: number | bigint | string;
  /** Whether a row is filled up after its values or before them. @default 'right' */
  readonly side?: PadSide;
  /** The length of all rows. @default that of the longest */
  readonly length?: number;
  /** The length becomes a multiple of this, so that fewer different lengths reach the model. @default 1 */
  readonly multipleOf?: number;
}

/** Rows of different lengths as one tensor. */
export interface Padded<T extends DataType = DataType> {
  /** The rows, filled up: `[rows, …]`. */
  readonly values: Tensor<T>;
  /** 1 for a value and 0 for what was filled up, of shape `[rows, length]`: the `attention_mask` of many models. */
  readonly mask: Tensor<'int64'>;
  /** How long each row was. */
  readonly lengths: readonly number[];
}

/**
 * Joins tensors of different lengths into one batch: `[5]` and `[3]` give values and a mask of `[2, 5]`; `[5, 80]` and `[3, 80]` give values of `[2, 5, 80]`.
 * @param tensors the rows. They differ in the dimension `axis` only, which is counted in a row
 * @throws NBS_ONNX_CANNOT_BATCH if they differ in more, or if one is longer than `length`; NBS_ONNX_INVALID_TENSOR if their type cannot hold `value` or one of their own values; NBS_INVALID_OPTION
 */
export function pad<T extends DataType>(tensors: readonly Tensor<T>[], options: PadOptions = {}): Padded<T> {
  const { axis = 0, side = 'right', multipleOf = 1 } = options;
  const [first] = tensors;
  if (first === undefined) throw CannotBatch({ reason: 'there are no tensors to pad' });
  checkSide('onnx.pad', side);
  if (!Number.isSafeInteger(multipleOf) || multipleOf < 1)
    throw InvalidOption({ where: 'onnx.pad', option: 'multipleOf', expected: 'an integer from 1 on', value: String(multipleOf) });
  const place = placeOf(axis, first.dims.length);
  const lengths = tensors.map(({ type, dims }, i) => {
    if (
      type !== first.type ||
      dims.length !== first.dims.length ||
      dims.some((dim, at) => at !== place && dim !== first.dims[at])
    )
      throw faultOf(
        CannotBatch({
          reason: `tensor 0 is ${first.type}[${first.dims.join(', ')}], tensor ${i} is ${type}[${dims.join(', ')}]; only dimension ${place} may differ`,
        }),
        tensors,
      );
    return dims[place] as number;
  });
  const length = lengthOf(lengths, tensors, options.length, multipleOf);
  const dims = first.dims.with(place, length);
  const size = sizeOf(dims);
  const parts = tensors.map(elementsOf);
  const data = allocate(first.type, tensors.length * size);
  const [filler] = convert(first.type, [options.value ?? (first.type === 'string' ? '' : 0)]);
  (data as unknown[]).fill(filler);
  const mask = new BigInt64Array(tensors.length * length);
  const [blocks, inner] = [sizeOf(dims.slice(0, place)), sizeOf(dims.slice(place + 1))];
  for (const [row, elements] of parts.entries()) {
    const own = lengths[row] as number;
    const begin = side === 'left' ? length - own : 0;
    for (let block = 0; block < blocks; block += 1)
      copy(data, row * size + (block * length + begin) * inner, elements, block * own * inner, own * inner);
    mask.fill(1n, row * length + begin, row * length + begin + own);
  }
  return {
    values: inheritOrigin({ type: first.type, dims: [tensors.length, ...dims], data }, tensors),
    mask: { type: 'int64', dims: [tensors.length, length], data: mask },
    lengths,
  };
}

/**
 * Cuts the rows of a result to the lengths that their inputs had: `[2, 5, 30]` and lengths 5 and 3 give `[5, 30]` and `[3, 30]`.
 * @param value `[rows, …]`
 * @param options the `axis` and the `side` that {@link pad} had. The axis is counted in a row, so 0 is the dimension after that of the rows
 * @throws NBS_ONNX_CANNOT_BATCH if there are not as many lengths as rows, or if a length is larger than the dimension; NBS_INVALID_OPTION
 */
export function unpad<T extends DataType>(
  value: Tensor<T>,
  lengths: readonly number[],
  { axis = 0, side = 'right' }: AxisOptions & { readonly side?: PadSide } = {},
): Tensor<T>[] {
  checkSide('onnx.unpad', side);
  const [rows, ...dims] = value.dims;
  if (rows !== lengths.length)
    throw CannotBatch({ reason: `a tensor of shape [${value.dims.join(', ')}] does not have ${lengths.length} rows` });
  const place = placeOf(axis, dims.length);
  const length = dims[place] as number;
  const size = sizeOf(dims);
  const elements = elementsOf(value);
  const [blocks, inner] = [sizeOf(dims.slice(0, place)), sizeOf(dims.slice(place + 1))];
  return lengths.map((own, row) => {
    if (!Number.isSafeInteger(own) || own < 0 || own > length)
      throw CannotBatch({ reason: `row ${row} cannot be cut to ${own}; its length is ${length}` });
    const data = allocate(value.type, blocks * own * inner);
    const begin = side === 'left' ? length - own : 0;
    for (let block = 0; block < blocks; block += 1)
      copy(data, block * own * inner, elements, row * size + (block * length + begin) * inner, own * inner);
    return { type: value.type, dims: dims.with(place, own), data };
  });
}

/**
 * Puts rows of similar lengths into the same batch, so that little is filled up.
 * @param lengths the length of each row
 * @param options.maxBatchSize the most rows of a batch
 * @param options.maxPadding the largest part of a batch that may be filled up, from 0 to 1. @default 0.2
 * @returns batches of places in `lengths`, from the shortest rows to the longest. Each place is in one of them
 * @throws NBS_INVALID_OPTION
 */
export function bucketByLength(
  lengths: readonly number[],
  options: { readonly maxBatchSize: number; readonly maxPadding?: number },
): number[][] {
  const { maxBatchSize, maxPadding = 0.2 } = options;
  const where = 'onnx.bucketByLength';
  if (!Number.isSafeInteger(maxBatchSize) || maxBatchSize < 1)
    throw InvalidOption({ where, option: 'maxBatchSize', expected: 'an integer from 1 on', value: String(maxBatchSize) });
  if (!(maxPadding >= 0 && maxPadding <= 1))
    throw InvalidOption({ where, option: 'maxPadding', expected: 'a number from 0 to 1', value: String(maxPadding) });
  const order = lengths.map((_, place) => place).sort((a, b) => (lengths[a] as number) - (lengths[b] as number) || a - b);
  const batches: number[][] = [];
  let batch: number[] = [];
  let sum = 0;
  for (const place of order) {
    const length = lengths[place] as number;
    const all = length * (batch.length + 1);
    if (batch.length > 0 && (batch.length === maxBatchSize || all - sum - length > maxPadding * all)) {
      batches.push(batch);
      batch = [];
      sum = 0;
    }
    batch.push(place);
    sum += length;
  }
  if (batch.length > 0) batches.push(batch);
  return batches;
}

function lengthOf(lengths: readonly number[], tensors: readonly Tensor[], asked: number | undefined, multipleOf: number): number {
  const longest = lengths.reduce((most, length) => Math.max(most, length), 0);
  if (asked !== undefined && !(Number.isSafeInteger(asked) && asked >= 0))
    throw InvalidOption({ where: 'onnx.pad', option: 'length', expected: 'an integer from 0 on', value: String(asked) });
  if (asked !== undefined && longest > asked)
    throw faultOf(CannotBatch({ reason: `a row has the length ${longest}, and all rows shall have ${asked}` }), tensors);
  return Math.ceil((asked ?? longest) / multipleOf) * multipleOf;
}

function checkSide(where: string, side: unknown): void {
  if (side !== 'left' && side !== 'right')
    throw InvalidOption({ where, option: 'side', expected: "'right' or 'left'", value: String(side) });
}
