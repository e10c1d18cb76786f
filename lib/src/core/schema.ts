import type { Duration } from './duration.js';
import { defineError } from './errors.js';
import { toMs } from './time.js';

export const InvalidOption = defineError('NBS_INVALID_OPTION', 400, '{where}: option {option} must be {expected}, got {value}');
const UnknownOption = defineError('NBS_UNKNOWN_OPTION', 400, '{where}: unknown option {option}; the options are {valid}');

/**
 * One option of a configuration: its default, its check, and its text in the docs. `npm run docs` makes the member of the public interface and the row
 * of `options.md` from it.
 */
export interface OptionSpec<T> {
  /** What it does, when to set it, and its unit; Markdown. */
  readonly doc: string;
  /** What is valid. It ends the sentence "option x must be …". */
  readonly expected: string;
  /** The TypeScript type as users write it, if the public interface is made from this option. */
  readonly type?: string;
  readonly default: T;
  /** The default as users would write it, or in words, when `default` does not show it. */
  readonly defaultText?: string;
  /** It has no default and must be given. */
  readonly isRequired?: boolean;
  /** Returns the normalised value, or `undefined` if the input is not valid. */
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
  if (!isRecord(input))
    throw InvalidOption({
      where,
      option: 'options',
      expected: `an object with ${Object.keys(spec).join(', ')}`,
      value: show(input),
    });
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
    type: 'number',
    expected,
    parse: (value) =>
      Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max ? (value as number) : undefined,
  };
}

/**
 * A duration. Parsed, it is in milliseconds.
 * @param init.where the option's name in the message of NBS_INVALID_DURATION
 * @param init.least in milliseconds; a shorter duration is replaced by this one
 * @param init.min in milliseconds; a shorter duration is refused
 */
export function duration(init: {
  doc: string;
  default: number;
  where: string;
  least?: number;
  min?: number;
}): OptionSpec<number> {
  const { where, least = 0, min = 0, doc, default: fallback } = init;
  const defaultText = `'${durationText(fallback)}'`;
  return {
    doc,
    default: fallback,
    defaultText,
    type: 'Duration',
    expected: `milliseconds, or a text such as ${defaultText}${min > 0 ? `; at least '${durationText(min)}'` : ''}`,
    parse: (value) => {
      const ms = toMs(value as Duration, where);
      return ms < min ? undefined : Math.max(least, ms);
    },
  };
}

function durationText(ms: number): Duration {
  if (ms >= 120_000 && ms % 60_000 === 0) return `${ms / 60_000}m`;
  return ms >= 1000 && ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`;
}

/** A number above 0. */
export function positive(init: { doc: string; default: number }): OptionSpec<number> {
  return {
    ...init,
    type: 'number',
    expected: 'a number above 0',
    parse: (value) => (typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : undefined),
  };
}

/** An option that is an object of options. @param parse throws if one of them is wrong */
export function group<T>(init: {
  doc: string;
  type: string;
  expected: string;
  default: T;
  defaultText?: string;
  parse: (value: Readonly<Record<string, unknown>>) => T | undefined;
}): OptionSpec<T> {
  return { ...init, parse: (value) => (isRecord(value) ? init.parse(value) : undefined) };
}

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function show(value: unknown): string {
  // JSON has no NaN, and would call it null.
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return JSON.stringify(value);
  return typeof value === 'function' ? 'a function' : `a value of type ${Array.isArray(value) ? 'array' : typeof value}`;
}
