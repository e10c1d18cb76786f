import { duration, InvalidOption, integer, isRecord, type OptionSpec, parseOptions } from '../core/index.js';
import type { DeviceChoice } from '../onnx/index.js';
import type { DeploymentOptions } from '../serve/index.js';
import type { ServeModelOptions } from './types.js';

const text = (doc: string): OptionSpec<string | undefined> => ({
  doc,
  expected: 'a text that is not empty',
  default: undefined,
  parse: (value) => (typeof value === 'string' && value !== '' ? value : undefined),
});
const flag = (doc: string): OptionSpec<boolean> => ({
  doc,
  expected: 'true or false',
  default: true,
  parse: (value) => (typeof value === 'boolean' ? value : undefined),
});
/** Stands for an option that was left out, because every option of `integer` has a value. */
const UNSET = -1;
const count = (doc: string, min: number, max = 1_000_000) => integer({ doc, default: UNSET, min, max });

const spec = {
  name: text('Name of the model.'),
  version: count('Version of the model.', 1, Number.MAX_SAFE_INTEGER),
  application: text('Name of the application.'),
  route: flag('Whether requests reach this application.'),
  replicas: count('Number of processes.', 1),
  maxBatchSize: count('Largest number of rows in one run.', 0),
  batchWaitTimeout: duration({
    doc: 'How long a request waits.',
    where: 'onnx.serve: batchWaitTimeout',
    default: UNSET,
  }),
  device: {
    doc: 'The device to run on.',
    expected: 'a device, such as auto or cpu',
    default: undefined,
    parse: (value) => (typeof value === 'string' ? (value as DeviceChoice) : undefined),
  } as OptionSpec<DeviceChoice | undefined>,
  intraOpThreads: count('Number of threads for one operator.', 0, 1024),
  warmup: flag('Whether the model is run once.'),
  deployment: {
    doc: 'Options of the deployment.',
    expected: 'an object of deployment options',
    default: {},
    parse: (value) => (isRecord(value) ? (value as DeploymentOptions) : undefined),
  } as OptionSpec<DeploymentOptions>,
};

/** @throws NBS_UNKNOWN_OPTION, NBS_INVALID_OPTION, NBS_INVALID_DURATION */
export function parseServeOptions(options: ServeModelOptions) {
  const values = parseOptions('onnx.serve', spec, options as Readonly<Record<string, unknown>>);
  const set = (value: number): number | undefined => (value === UNSET ? undefined : value);
  return {
    ...values,
    version: set(values.version),
    replicas: set(values.replicas),
    maxBatchSize: set(values.maxBatchSize),
    batchWaitMs: set(values.batchWaitTimeout),
    intraOpThreads: set(values.intraOpThreads),
    warmup: options.warmup === undefined ? undefined : values.warmup,
  };
}
export type ServeValues = ReturnType<typeof parseServeOptions>;

/** @throws NBS_INVALID_OPTION */
export function checkPath(path: unknown): string {
  if (typeof path === 'string' && path !== '') return path;
  throw InvalidOption({
    where: 'onnx.serve',
    option: 'path',
    expected: 'the path of an .onnx file or of a folder of models',
    value: typeof path,
  });
}
