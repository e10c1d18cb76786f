import { aboutInput, type NbserveError } from '../core/index.js';
import type { Tensor } from './types.js';

/** Which properties of a tensor come from its data, such as the rows of a request's JSON. Code gave the others. */
interface Origin {
  /** How many dimensions it has. */
  readonly rank: boolean;
  readonly sizes: boolean;
  readonly type: boolean;
}

const origins = new WeakMap<object, Origin>();
const FROM_DATA: Origin = { rank: true, sizes: true, type: true };

/** Marks a tensor: if a model refuses its shape (or type), the data is wrong, and not the code. */
export function markShapedByData<T extends Tensor>(value: T, hasOwnType: boolean): T {
  origins.set(value, { ...FROM_DATA, type: !hasOwnType });
  return value;
}

/** Marks `made` like `parts`, from which its shape comes. */
export function inheritOrigin<T extends Tensor>(made: T, parts: readonly Tensor[]): T {
  const origin = parts.map(originOf).find((each) => each !== undefined);
  if (origin !== undefined) origins.set(made, origin);
  return made;
}

/**
 * Marks `made`, to which code gave the dimensions `dims`: if one of them is -1, or if all values lie along one dimension (`[1, n]`, also for one value), there is as many of
 * it as there are data.
 */
export function inheritSizes<T extends Tensor>(made: T, from: Tensor, dims: readonly number[]): T {
  const origin = originOf(from);
  if (origin === undefined) return made;
  const isByData = dims.includes(-1) || made.dims.filter((dim) => dim !== 1).length <= 1;
  origins.set(made, { rank: false, sizes: origin.sizes && isByData, type: origin.type });
  return made;
}

/** Only JSON makes such a tensor: this library keeps numbers in typed arrays. */
const isOfJson = ({ type, data }: Tensor): boolean => Array.isArray(data) && type !== 'string';
const originOf = (value: Tensor): Origin | undefined => (isOfJson(value) ? FROM_DATA : origins.get(value));

export const hasRankOfData = (value: Tensor): boolean => originOf(value)?.rank === true;
export const hasSizesOfData = (value: Tensor): boolean => originOf(value)?.sizes === true;
export const isTypedByData = (value: Tensor): boolean => originOf(value)?.type === true;

/** The error, about the input if the shape of one of these tensors comes from data. */
export const faultOf = (error: NbserveError, tensors: readonly Tensor[]): NbserveError =>
  tensors.some(hasSizesOfData) ? aboutInput(error) : error;
