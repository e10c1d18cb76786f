import type { Tensor } from './types.js';

/** What of a tensor was read off the data that it was made of, such as the rows of a request's JSON. Code gave the rest. */
type Origin = 'shape' | 'shape and type';

const origins = new WeakMap<object, Origin>();

/** If a model does not take this tensor because of its shape (or type), the data is wrong, and not the code. */
export function markShapedByData<T extends Tensor>(value: T, origin: Origin): T {
  origins.set(value, origin);
  return value;
}

/** `made` has its shape of `parts`. */
export function inheritOrigin<T extends Tensor>(made: T, parts: readonly Tensor[]): T {
  const [origin] = parts.flatMap((part) => origins.get(part) ?? []);
  return origin === undefined ? made : markShapedByData(made, origin);
}

export const isShapedByData = (value: Tensor): boolean => origins.has(value);
export const isTypedByData = (value: Tensor): boolean => origins.get(value) === 'shape and type';
