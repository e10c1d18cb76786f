import type { Tensor } from './types.js';

/** Which properties of a tensor come from its data, such as the rows of a request's JSON. Code gave the others. */
type Origin = 'shape' | 'shape and type';

const origins = new WeakMap<object, Origin>();

/** Marks a tensor: if a model refuses its shape (or type), the data is wrong, and not the code. */
export function markShapedByData<T extends Tensor>(value: T, origin: Origin): T {
  origins.set(value, origin);
  return value;
}

/** Marks `made` like `parts`, from which its shape comes. */
export function inheritOrigin<T extends Tensor>(made: T, parts: readonly Tensor[]): T {
  const [origin] = parts.flatMap((part) => origins.get(part) ?? []);
  return origin === undefined ? made : markShapedByData(made, origin);
}

export const isShapedByData = (value: Tensor): boolean => origins.has(value);
export const isTypedByData = (value: Tensor): boolean => origins.get(value) === 'shape and type';
