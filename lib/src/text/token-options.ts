import { integer, type OptionSpec, parseOptions } from '../core/index.js';
import type { EncodeBatchOptions, EncodeOptions } from './tokenizer.js';

/** Stands for an option that was left out, because every option of `integer` has a value. */
const UNSET = -1;

const encodeSpec = {
  special: {
    doc: 'Whether tokens are added around each text.',
    expected: 'true or false',
    default: true,
    parse: (value: unknown) => (typeof value === 'boolean' ? value : undefined),
  } as OptionSpec<boolean>,
  maxLength: integer({ doc: 'The most tokens.', default: UNSET, min: 0 }),
};

const batchSpec = {
  ...encodeSpec,
  length: integer({ doc: 'The length of all rows.', default: UNSET, min: 0 }),
  multipleOf: integer({ doc: 'What the length is a multiple of.', default: 1, min: 1 }),
  side: {
    doc: 'Where rows are filled up.',
    expected: "'right' or 'left'",
    default: undefined,
    parse: (value: unknown) => (value === 'right' || value === 'left' ? value : undefined),
  } as OptionSpec<'right' | 'left' | undefined>,
};

const limitOf = (value: number): number => (value === UNSET ? Number.POSITIVE_INFINITY : value);

/** @throws NBS_UNKNOWN_OPTION, NBS_INVALID_OPTION */
export function parseEncodeOptions(options: EncodeOptions) {
  const { special, maxLength } = parseOptions('encode', encodeSpec, options as Readonly<Record<string, unknown>>);
  return { special, maxLength: limitOf(maxLength) };
}

/** @throws NBS_UNKNOWN_OPTION, NBS_INVALID_OPTION */
export function parseBatchOptions(options: EncodeBatchOptions) {
  const { maxLength, length, ...rest } = parseOptions('encodeBatch', batchSpec, options as Readonly<Record<string, unknown>>);
  return { ...rest, maxLength: limitOf(maxLength), length: length === UNSET ? undefined : length };
}
