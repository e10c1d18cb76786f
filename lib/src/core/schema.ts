import { defineError } from './errors.js';

export const InvalidOption = defineError('NBS_INVALID_OPTION', 400, '{where}: option {option} must be {expected}, got {value}');
export const UnknownOption = defineError('NBS_UNKNOWN_OPTION', 400, '{where}: unknown option {option}; the options are {valid}');

/** One option of a configuration: its default, its check and its sentence for the docs. */
export interface OptionSpec<T> {
  readonly doc: string;
  readonly expected: string;
  readonly default: T;
  /** Returns the normalised value, or `undefined` where the input is not valid. */
  readonly parse: (value: unknown) => T | undefined;
}

export type OptionsSpec = Readonly<Record<string, OptionSpec<unknown>>>;
export type OptionValues<S extends OptionsSpec> = { readonly [K in keyof S]: S[K] extends OptionSpec<infer T> ? T : never };

/**
 * Checks `input` against `spec` and fills in the defaults. An option given as `undefined` counts as absent.
 * @throws NBS_UNKNOWN_OPTION, NBS_INVALID_OPTION
 */
export function parseOptions<S extends OptionsSpec>(
  where: string,
  spec: S,
  input: Readonly<Record<string, unknown>>,
): OptionValues<S> {
  for (const option of Object.keys(input)) {
    if (!Object.hasOwn(spec, option)) throw UnknownOption({ where, option, valid: Object.keys(spec).join(', ') });
  }
  const values: Record<string, unknown> = {};
  for (const [option, { parse, expected, default: fallback }] of Object.entries(spec)) {
    const given = input[option];
    const value = given === undefined ? fallback : parse(given);
    if (value === undefined && given !== undefined) throw InvalidOption({ where, option, expected, value: show(given) });
    values[option] = value;
  }
  return values as OptionValues<S>;
}

export function integer(init: { doc: string; default: number; min: number; max?: number }): OptionSpec<number> {
  const { min, max = Number.MAX_SAFE_INTEGER } = init;
  const expected = max === Number.MAX_SAFE_INTEGER ? `an integer of at least ${min}` : `an integer from ${min} to ${max}`;
  return {
    ...init,
    expected,
    parse: (value) =>
      Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max ? (value as number) : undefined,
  };
}

function show(value: unknown): string {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' || value === null)
    return JSON.stringify(value);
  return typeof value === 'function' ? 'a function' : `a value of type ${Array.isArray(value) ? 'array' : typeof value}`;
}
