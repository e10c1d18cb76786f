import { DOMAIN, type Domain, isDomain } from './domain.js';

/** What a search chooses from: an object, in any depth, of domains and of values that stay as they are. */
export type ParamSpace = Readonly<Record<string, unknown>>;

/** The configuration of a trial: the space with a value in place of each domain. */
export type ConfigOf<S> =
  S extends Domain<infer T>
    ? T
    : S extends (...args: never[]) => unknown
      ? S
      : S extends readonly (infer _)[]
        ? S
        : S extends object
          ? { readonly [K in keyof S]: ConfigOf<S[K]> }
          : S;

/** A part of an object, in any depth. */
type PartOf<T> = T extends Whole ? T : { readonly [K in keyof T]?: PartOf<T[K]> | undefined };
/** What is not merged with the value that it replaces. */
type Whole = string | number | boolean | bigint | null | undefined | readonly unknown[] | ((...args: never[]) => unknown);

/** A space whose configurations replace a part of these options. */
export type SpaceOf<T> = T extends Whole ? T : { readonly [K in keyof T]?: Domain<PartOf<T[K]>> | SpaceOf<T[K]> | undefined };

/** A domain, and its place in the space. */
export interface Dimension {
  /** The names that lead to it. */
  readonly path: readonly string[];
  readonly domain: Domain<unknown>;
}

/** The domains of a space, in the order in which they are written. */
export function dimensionsOf(space: ParamSpace, path: readonly string[] = []): Dimension[] {
  return Object.entries(space).flatMap(([name, value]) => {
    const inner = [...path, name];
    if (isDomain(value)) return [{ path: inner, domain: value }];
    return isPlain(value) ? dimensionsOf(value, inner) : [];
  });
}

/** The configuration with these values of the domains. */
export function configOf(space: ParamSpace, values: readonly unknown[]): Record<string, unknown> {
  let next = 0;
  const fill = (part: ParamSpace): Record<string, unknown> =>
    Object.fromEntries(
      Object.entries(part).map(([name, value]) => {
        if (isDomain(value)) return [name, values[next++]];
        return [name, isPlain(value) ? fill(value) : value];
      }),
    );
  return fill(space);
}

/** What is kept of the values of a trial: numbers, and of a choice or a grid the places. */
export const placesOf = (dimensions: readonly Dimension[], values: readonly unknown[]): number[] =>
  dimensions.map(({ domain }, i) => (domain[DOMAIN] === 'numbers' ? (values[i] as number) : domain.placeOf(values[i])));

/** The values of which these places were kept. */
export const valuesOf = (dimensions: readonly Dimension[], places: readonly number[]): unknown[] =>
  dimensions.map(({ domain }, i) => (domain[DOMAIN] === 'numbers' ? places[i] : domain.at(places[i] as number)));

/** The value of a configuration at a path. */
export const valueAt = (config: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>((at, name) => (at as Record<string, unknown> | undefined)?.[name], config);

/** Options with those of a configuration in their place, in any depth. */
export function merged(
  options: Readonly<Record<string, unknown>>,
  config: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const all: Record<string, unknown> = { ...options };
  for (const [name, value] of Object.entries(config)) {
    const own = all[name];
    all[name] = isPlain(own) && isPlain(value) ? merged(own, value) : value;
  }
  return all;
}

const isPlain = (value: unknown): value is Record<string, unknown> => {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
};
