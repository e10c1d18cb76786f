import { integer, type OptionSpec, openMpThreads, parseOptions } from '../core/index.js';
import { type DeviceChoice, deviceChoices } from './device.js';
import { dataTypes } from './elements.js';
import type { DataType, OutputTypes } from './types.js';

/** The severities of ONNX Runtime's messages. Its numbers are the indexes. */
export const logLevels = ['verbose', 'info', 'warning', 'error', 'fatal'] as const;
export type LogLevel = (typeof logLevels)[number];

/** Options of {@link load}. */
export interface LoadOptions<O extends OutputTypes = OutputTypes> {
  /** The device to run on. @default 'auto' */
  readonly device?: DeviceChoice;
  /** Number of the GPU among those that this process sees; for CUDA only. @default 0 */
  readonly deviceId?: number;
  /** Number of threads for one operator; 0 means one for each core. @default `OMP_NUM_THREADS`, else 0 */
  readonly intraOpThreads?: number;
  /** Number of threads for operators that do not depend on each other. @default 1 */
  readonly interOpThreads?: number;
  /** Outputs to compute, with their element types, which also give the results their types. @default every output */
  readonly outputs?: O;
  /** Sizes of symbolic dimensions, by name. They are fixed when the model is loaded. */
  readonly dimensions?: Readonly<Record<string, number>>;
  /** Session configuration entries of ONNX Runtime, by their full names, with text values: `{ 'session.disable_prepacking': '1' }`. */
  readonly extra?: Readonly<Record<string, string>>;
  /**
   * The least severe messages of ONNX Runtime about this model that are written to stderr: a notebook's cell, or the log of a replica.
   * @default 'warning'
   */
  readonly logLevel?: LogLevel;
  /** Name of the model in messages. @default the file's name */
  readonly name?: string;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const record = <T>(
  doc: string,
  expected: string,
  test: (value: unknown) => boolean,
): OptionSpec<Readonly<Record<string, T>> | undefined> => ({
  doc,
  expected,
  default: undefined,
  parse: (value) => (isRecord(value) && Object.values(value).every(test) ? (value as Record<string, T>) : undefined),
});

const spec = {
  device: {
    doc: 'The device to run on.',
    expected: `one of ${deviceChoices.join(', ')}`,
    default: 'auto',
    parse: (value) => deviceChoices.find((choice) => choice === value),
  } as OptionSpec<DeviceChoice>,
  deviceId: integer({ doc: 'Number of the GPU among those that this process sees; for CUDA only.', default: 0, min: 0 }),
  intraOpThreads: integer({
    doc: 'Number of threads for one operator; 0 means one for each core.',
    default: -1,
    min: 0,
    max: 1024,
  }),
  interOpThreads: integer({
    doc: 'Number of threads for operators that do not depend on each other.',
    default: 1,
    min: 0,
    max: 1024,
  }),
  outputs: record<DataType>(
    'Outputs to compute, with their element types.',
    `output names with types of ${dataTypes.join(', ')}`,
    (value) => dataTypes.some((type) => type === value),
  ),
  dimensions: record<number>(
    'Size of symbolic dimensions.',
    'dimension names with positive integers',
    (value) => Number.isInteger(value) && (value as number) > 0,
  ),
  extra: record<string>(
    'ONNX Runtime session config entries.',
    "entry names with strings (numbers too are given as strings: '1')",
    (value) => typeof value === 'string',
  ),
  logLevel: {
    doc: 'The least severe messages of ONNX Runtime about this model that are written to stderr.',
    expected: `one of ${logLevels.join(', ')}`,
    default: 'warning',
    parse: (value) => logLevels.find((level) => level === value),
  } as OptionSpec<LogLevel>,
  name: {
    doc: 'Name of the model in messages.',
    expected: 'a string',
    default: undefined,
    parse: (value) => (typeof value === 'string' ? value : undefined),
  } as OptionSpec<string | undefined>,
};

/** @throws NBS_UNKNOWN_OPTION, NBS_INVALID_OPTION */
export function parseLoadOptions(options: LoadOptions) {
  const values = parseOptions('onnx.load', spec, options as Readonly<Record<string, unknown>>);
  return { ...values, intraOpThreads: values.intraOpThreads === -1 ? (openMpThreads() ?? 0) : values.intraOpThreads };
}
export type LoadValues = ReturnType<typeof parseLoadOptions>;
