import { types } from 'node:util';

/** What `serve.batch.error(reason)` puts in an item's place. */
export class ItemFailure {
  constructor(readonly reason: unknown) {}
}

/** What `serve.batch.end` is. */
export const END: unique symbol = Symbol('nbserve.batch.end');

/** The failure in an item's place, or `undefined` where there is a result. */
export function failureOf(result: unknown): { readonly reason: unknown } | undefined {
  if (result instanceof ItemFailure) return result;
  // Errors of a notebook's cells come from another realm.
  return result instanceof Error || types.isNativeError(result) ? { reason: result } : undefined;
}

/**
 * Gives each call that fails of one reason an error of its own, as if it had been called alone: the original first, then copies.
 */
export function ownErrors(): (reason: unknown) => unknown {
  const given = new Set<unknown>();
  return (reason) => {
    if (!given.has(reason)) {
      given.add(reason);
      return reason;
    }
    return types.isNativeError(reason) ? copyError(reason) : reason;
  };
}

/** The same class, message, stack and properties in another object, which is an Error to `structuredClone` as well. */
function copyError(error: Error): Error {
  const copy = new Error(error.message);
  Object.setPrototypeOf(copy, Object.getPrototypeOf(error) as object);
  return Object.defineProperties(copy, Object.getOwnPropertyDescriptors(error));
}
