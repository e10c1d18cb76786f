import { types } from 'node:util';

/** The value that `serve.batch.error(reason)` returns. It takes the place of an item's result. */
export class ItemFailure {
  constructor(readonly reason: unknown) {}
}

/** The value of `serve.batch.end`. */
export const END: unique symbol = Symbol('nbserve.batch.end');

/** The failure that takes the place of an item's result, or `undefined` if there is a result. */
export function failureOf(result: unknown): { readonly reason: unknown } | undefined {
  if (result instanceof ItemFailure) return result;
  // Errors of a notebook's cells come from another realm.
  return result instanceof Error || types.isNativeError(result) ? { reason: result } : undefined;
}

/** If several calls fail for the same reason, gives each an error of its own, as if it had been called alone: first the original, then copies. */
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

/** Makes another object with the same class, message, stack and properties, which `structuredClone` also treats as an Error. */
function copyError(error: Error): Error {
  const copy = new Error(error.message);
  Object.setPrototypeOf(copy, Object.getPrototypeOf(error) as object);
  return Object.defineProperties(copy, Object.getOwnPropertyDescriptors(error));
}
