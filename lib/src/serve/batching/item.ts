import { BatchLength } from './errors.js';

/** One item of a call, on its way through a batch. */
export interface Item<C> {
  readonly value: unknown;
  readonly call: C;
  /** Its index in the list of the call. */
  readonly index: number;
}

export function itemsOf<C>(call: C, values: readonly unknown[]): Item<C>[] {
  return values.map((value, index) => ({ value, call, index }));
}

/** The calls that have items in a batch. */
export function callsOf<C>(items: readonly Item<C>[]): Set<C> {
  return new Set(items.map(({ call }) => call));
}

/** @throws NBS_BATCH_LENGTH */
export function checkResults(method: string, items: readonly unknown[], results: unknown): readonly unknown[] {
  if (Array.isArray(results) && results.length === items.length) return results as unknown[];
  throw BatchLength({ method, items: items.length, results: shownResults(results) });
}

function shownResults(results: unknown): string {
  if (Array.isArray(results)) return `a list of ${results.length}`;
  if (typeof results !== 'object' || results === null)
    return `no list but ${results === undefined ? 'undefined' : String(results)}`;
  return `no list but an object of class ${(results.constructor as { name?: string } | undefined)?.name || 'Object'}`;
}
