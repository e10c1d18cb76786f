import { type Duration, integer, isRecord, type OptionSpec, openMpThreads, parseOptions, toMs } from '../core/index.js';
import { type DeviceChoice, deviceChoices } from './device.js';
import { dataTypes } from './elements.js';
import type { StopOptions } from './run-stop.js';
import type { DataType, Feeds, OutputTypes, Tensor } from './types.js';

/** The severities of ONNX Runtime's messages. Its numbers are the indexes. */
export const logLevels = ['verbose', 'info', 'warning', 'error', 'fatal'] as const;
export type LogLevel = (typeof logLevels)[number];

const runPlaces = ['auto', 'loop', 'beside'] as const;
export type RunIn = (typeof runPlaces)[number];

/** ONNX Runtime's names, and its numbers for them. */
export const optimizationLevels = { disabled: 0, basic: 1, extended: 2, all: 99 } as const;
export type OptimizationLevel = keyof typeof optimizationLevels;

/** Options of {@link load}. */
export interface LoadOptions<O extends OutputTypes = OutputTypes> {
  /** The device to run on. @default 'auto' */
  readonly device?: DeviceChoice;
  /**
   * Fails instead of falling back: `auto` does not end with the CPU, and a device is refused if one of the model's operators would run on the CPU
   * instead. @default false
   */
  readonly strict?: boolean;
  /**
   * Inputs with which another device than the CPU is tried: it is refused if its answers are not those of the CPU, as if it could not run the model. A
   * device can be wrong, because of its driver.
   */
  readonly verify?: Feeds | Tensor;
  /** Number of the GPU among those that this process sees; for CUDA only. @default 0 */
  readonly deviceId?: number;
  /** Number of threads for one operator; 0 means one for each core. @default `OMP_NUM_THREADS`, else 0 */
  readonly intraOpThreads?: number;
  /** Number of threads for operators that do not depend on each other. @default 1 */
  readonly interOpThreads?: number;
  /**
   * The place of runs. `beside` runs it on another thread: the process does other work meanwhile, and a run can be ended. It needs the package `koffi`,
   * Linux, and the device `cpu`. `loop` runs it in the event loop, which does nothing else meanwhile, and no run can be ended. `auto` runs it beside the loop,
   * and in the loop if its runs turn out to take less than 0.3 ms or if it cannot run beside it. @default 'auto'
   */
  readonly runIn?: RunIn;
  /** Outputs to compute, with their element types, which also give the results their types. @default every output */
  readonly outputs?: O;
  /** Sizes of symbolic dimensions, by name. They are fixed when the model is loaded. */
  readonly dimensions?: Readonly<Record<string, number>>;
  /** How much ONNX Runtime changes the model before it runs it, with the same results up to rounding. @default 'all' */
  readonly graphOptimizationLevel?: OptimizationLevel;
  /**
   * Keeps the optimized model in nbserve's cache, so that the next load of it is faster. Set it for large models. It holds for the device `cpu`.
   * @default false
   */
  readonly cacheOptimized?: boolean;
  /**
   * Lets the replicas of a machine share the memory of the weights. The optimized model is kept in nbserve's cache, with its weights in a file that all
   * replicas read. Set it for a large model with several replicas; a run can take up to a third longer, because the weights are not arranged for the
   * processor. It holds for the device `cpu`. @default false
   */
  readonly shareWeights?: boolean;
  /** Keeps memory between runs. Without it, a model takes less memory between runs, and more time for each. @default true */
  readonly memoryArena?: boolean;
  /** Plans the memory of a run ahead, if its inputs have the sizes of those before. @default true */
  readonly memoryPattern?: boolean;
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

const boolean = (doc: string, fallback = false): OptionSpec<boolean> => ({
  doc,
  expected: 'true or false',
  default: fallback,
  parse: (value) => (typeof value === 'boolean' ? value : undefined),
});

export const verifyOption: OptionSpec<Feeds | Tensor | undefined> = {
  doc: 'Inputs with which a device is compared with the CPU.',
  expected: 'tensors by input name',
  default: undefined,
  parse: (value) => (isRecord(value) ? (value as Feeds | Tensor) : undefined),
};

const spec = {
  device: {
    doc: 'The device to run on.',
    expected: `one of ${deviceChoices.join(', ')}`,
    default: 'auto',
    parse: (value) => deviceChoices.find((choice) => choice === value),
  } as OptionSpec<DeviceChoice>,
  strict: boolean('Fails instead of falling back to the CPU.'),
  verify: verifyOption,
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
  runIn: {
    doc: 'The place of runs: beside the event loop, or in it.',
    expected: `one of ${runPlaces.join(', ')}`,
    default: 'auto',
    parse: (value) => runPlaces.find((place) => place === value),
  } as OptionSpec<RunIn>,
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
  graphOptimizationLevel: {
    doc: 'How much ONNX Runtime changes the model before it runs it.',
    expected: `one of ${Object.keys(optimizationLevels).join(', ')}`,
    default: 'all',
    parse: (value) => (Object.hasOwn(optimizationLevels, String(value)) ? (value as OptimizationLevel) : undefined),
  } as OptionSpec<OptimizationLevel>,
  cacheOptimized: boolean('Keeps the optimized model in the cache.'),
  shareWeights: boolean('Lets replicas share the memory of the weights.'),
  memoryArena: boolean('Keeps memory between runs.', true),
  memoryPattern: boolean('Plans the memory of a run ahead.', true),
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
  // `onnx.profile` gives it.
  profilePrefix: {
    doc: "Path of a profile's file, without its end.",
    expected: 'a path',
    default: undefined,
    parse: (value) => (typeof value === 'string' ? value : undefined),
  } as OptionSpec<string | undefined>,
  name: {
    doc: 'Name of the model in messages.',
    expected: 'a string',
    default: undefined,
    parse: (value) => (typeof value === 'string' ? value : undefined),
  } as OptionSpec<string | undefined>,
};

/** Options of a run. */
export interface RunOptions {
  /**
   * Ends the run when it is aborted: the run is then rejected with the signal's reason. In a replica, a run is also ended when its request is cancelled: its
   * client has left, or its deadline has passed. `null` says that the run serves more than the current request, and is not ended with it.
   */
  readonly signal?: AbortSignal | null;
  /** Ends the run when it has waited and run for this long, with NBS_ONNX_RUN_TIMEOUT. Milliseconds, or a text such as `'30s'`. @default no limit */
  readonly timeout?: Duration;
}

/** A signal of another realm is no instance of this one's class. */
const isSignal = (value: unknown): boolean =>
  typeof value === 'object' && typeof (value as AbortSignal).aborted === 'boolean' && 'addEventListener' in (value as object);

const runSpec = {
  signal: {
    doc: 'Ends the run when it is aborted.',
    expected: 'an AbortSignal, or null',
    default: undefined,
    parse: (value) => (value === null || isSignal(value) ? (value as AbortSignal | null) : undefined),
  } as OptionSpec<AbortSignal | null | undefined>,
  timeout: {
    doc: 'Ends the run when it took this long.',
    expected: 'a duration',
    default: undefined,
    parse: (value) => toMs(value as Duration, 'timeout'),
  } as OptionSpec<number | undefined>,
};

/** @throws NBS_UNKNOWN_OPTION, NBS_INVALID_OPTION, NBS_INVALID_DURATION */
export function parseRunOptions(options: RunOptions): StopOptions {
  const { signal, timeout } = parseOptions('model.run', runSpec, options as Readonly<Record<string, unknown>>);
  return { signal, timeoutMs: timeout };
}

/** @throws NBS_UNKNOWN_OPTION, NBS_INVALID_OPTION */
export function parseLoadOptions(options: LoadOptions) {
  const values = parseOptions('onnx.load', spec, options as Readonly<Record<string, unknown>>);
  return { ...values, intraOpThreads: values.intraOpThreads === -1 ? (openMpThreads() ?? 0) : values.intraOpThreads };
}
export type LoadValues = ReturnType<typeof parseLoadOptions>;
