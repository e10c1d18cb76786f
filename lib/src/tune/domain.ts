import { isDeepStrictEqual } from 'node:util';
import { InvalidSpace } from './errors.js';

/** A parameter whose value a search chooses. Functions such as {@link uniform} make it. */
export interface Domain<T> {
  readonly [DOMAIN]: 'numbers' | 'choice' | 'grid';
  /** The number of values of a choice or a grid; infinite for numbers. */
  readonly size: number;
  /** The value at a place from 0 to 1, without 1. */
  at(place: number): T;
  /** The place of a value; of a choice, the middle of its part. */
  placeOf(value: T): number;
  /** What it is, as text: two equal domains have the same. */
  toJSON(): string;
}

export const DOMAIN = Symbol.for('nbserve.tune.domain');

/** An integer from `low` up to, but without, `high`. @throws NBS_TUNE_INVALID_SPACE */
export function randint(low: number, high: number): Domain<number> {
  check(
    'randint',
    Number.isSafeInteger(low) && Number.isSafeInteger(high) && low < high,
    `needs integers low < high, and got ${low}, ${high}`,
  );
  return {
    [DOMAIN]: 'numbers',
    size: Number.POSITIVE_INFINITY,
    at: (place) => Math.min(high - 1, low + Math.floor(place * (high - low))),
    placeOf: (value) => (value - low + 0.5) / (high - low),
    toJSON: () => `randint(${low}, ${high})`,
  };
}

/** A number from `low` to `high`, each as likely as the others. @throws NBS_TUNE_INVALID_SPACE */
export function uniform(low: number, high: number): Domain<number> {
  check(
    'uniform',
    Number.isFinite(low) && Number.isFinite(high) && low < high,
    `needs numbers low < high, and got ${low}, ${high}`,
  );
  return {
    [DOMAIN]: 'numbers',
    size: Number.POSITIVE_INFINITY,
    at: (place) => low + place * (high - low),
    placeOf: (value) => (value - low) / (high - low),
    toJSON: () => `uniform(${low}, ${high})`,
  };
}

/** A number from `low` to `high` whose logarithm is uniform: for learning rates. @throws NBS_TUNE_INVALID_SPACE */
export function loguniform(low: number, high: number): Domain<number> {
  check('loguniform', low > 0 && Number.isFinite(high) && low < high, `needs numbers 0 < low < high, and got ${low}, ${high}`);
  const [from, to] = [Math.log(low), Math.log(high)];
  return {
    [DOMAIN]: 'numbers',
    size: Number.POSITIVE_INFINITY,
    at: (place) => Math.min(high, Math.max(low, Math.exp(from + place * (to - from)))),
    placeOf: (value) => (Math.log(value) - from) / (to - from),
    toJSON: () => `loguniform(${low}, ${high})`,
  };
}

/** One of the values, each as likely as the others. TypeScript keeps texts as they are: `'sgd' | 'adam'`. @throws NBS_TUNE_INVALID_SPACE */
export function choice<T extends string | null>(values: readonly T[]): Domain<T>;
export function choice<T>(values: readonly T[]): Domain<T>;
export function choice<T>(values: readonly T[]): Domain<T> {
  return oneOf('choice', values);
}

/** Each of the values: every combination of all grids becomes a trial, or `numSamples` trials. TypeScript keeps texts as they are. @throws NBS_TUNE_INVALID_SPACE */
export function gridSearch<T extends string | null>(values: readonly T[]): Domain<T>;
export function gridSearch<T>(values: readonly T[]): Domain<T>;
export function gridSearch<T>(values: readonly T[]): Domain<T> {
  return oneOf('grid', values);
}

function oneOf<T>(kind: 'choice' | 'grid', values: readonly T[]): Domain<T> {
  const name = kind === 'grid' ? 'gridSearch' : 'choice';
  check(name, Array.isArray(values) && values.length > 0, 'needs a list of at least one value');
  const kept = [...values];
  return {
    [DOMAIN]: kind,
    size: kept.length,
    at: (place) => kept[Math.min(kept.length - 1, Math.floor(place * kept.length))] as T,
    placeOf: (value) => {
      const same = kept.findIndex((each) => Object.is(each, value));
      // An equal one stands for it, if a search has made a copy.
      const at = same >= 0 ? same : kept.findIndex((each) => isDeepStrictEqual(each, value));
      check(name, at >= 0, 'a search chose a value that is not in its list');
      return (at + 0.5) / kept.length;
    },
    toJSON: () => `${name}(${textOf(kept)})`,
  };
}

/** Any value as text, also what JSON does not have: bigints, NaN and infinity, maps, sets and typed arrays. */
export const textOf = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) => {
    if (typeof part === 'bigint' || (typeof part === 'number' && !Number.isFinite(part))) return { [typeof part]: String(part) };
    if (part instanceof Map || part instanceof Set) return { [part.constructor.name]: [...part] };
    return ArrayBuffer.isView(part) ? { [part.constructor.name]: Array.from(part as Uint8Array) } : part;
  });

export const isDomain = (value: unknown): value is Domain<unknown> =>
  typeof value === 'object' && value !== null && DOMAIN in value;

function check(where: string, isValid: boolean, reason: string): void {
  if (!isValid) throw InvalidSpace({ where: `tune.${where}`, reason });
}
