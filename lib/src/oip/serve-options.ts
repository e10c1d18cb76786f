import {
  duration,
  InvalidOption,
  integer,
  isRecord,
  listOf,
  type OptionSpec,
  type OptionValues,
  parseOptions,
  shownValue,
} from '../core/index.js';
import { type DeviceChoice, type RunIn, verifyOption } from '../onnx/index.js';
import type { DeploymentOptions } from '../serve/index.js';
import type { ServeModelOptions } from './types.js';

const text = (doc: string): OptionSpec<string | undefined> => ({
  doc,
  expected: 'a text that is not empty',
  default: undefined,
  parse: (value) => (typeof value === 'string' && value !== '' ? value : undefined),
});
const flag = <D extends boolean | undefined>(doc: string, fallback: D): OptionSpec<boolean | D> => ({
  doc,
  expected: 'true or false',
  default: fallback,
  parse: (value) => (typeof value === 'boolean' ? value : undefined),
});
const switched = (doc: string): OptionSpec<boolean | undefined> => flag(doc, undefined);
/** Stands for an option that was left out, because every option of `integer` has a value. */
const UNSET = -1;
const count = (doc: string, min: number, max = 1_000_000) => integer({ doc, default: UNSET, min, max });

const spec = {
  name: text('Name of the model.'),
  version: count('Version of the model.', 1, Number.MAX_SAFE_INTEGER),
  application: text('Name of the application.'),
  route: flag('Whether requests reach this application.', true as boolean),
  replicas: count('Number of processes.', 1),
  maxBatchSize: count('Largest number of rows of joined requests.', 0),
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
  gpus: {
    doc: 'GPUs that each replica reserves.',
    expected: 'a number of at least 0',
    default: undefined,
    parse: (value) => (typeof value === 'number' && value >= 0 && Number.isFinite(value) ? value : undefined),
  } as OptionSpec<number | undefined>,
  strict: switched('Fails instead of falling back to the CPU.'),
  verify: verifyOption,
  shareWeights: switched('Lets replicas share the memory of the weights.'),
  cacheOptimized: switched('Keeps the optimized model in the cache.'),
  runIn: {
    doc: 'The place of runs.',
    expected: 'a place of runs, such as auto or beside',
    default: undefined,
    parse: (value) => (typeof value === 'string' ? (value as RunIn) : undefined),
  } as OptionSpec<RunIn | undefined>,
  intraOpThreads: count('Number of threads for one operator.', 0, 1024),
  warmup: switched('Whether the model is run once.'),
  modelControlMode: {
    doc: 'What clients may do with the models.',
    expected: 'explicit or none',
    default: 'explicit',
    parse: (value) => (value === 'explicit' || value === 'none' ? value : undefined),
  } as OptionSpec<'explicit' | 'none'>,
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
  checkDeployment(values);
  const set = (value: number): number | undefined => (value === UNSET ? undefined : value);
  return {
    ...values,
    version: set(values.version),
    replicas: set(values.replicas),
    maxBatchSize: set(values.maxBatchSize),
    batchWaitMs: set(values.batchWaitTimeout),
    intraOpThreads: set(values.intraOpThreads),
  };
}
export type ServeValues = ReturnType<typeof parseServeOptions>;

/** @throws NBS_INVALID_OPTION if an option of the deployment would hide the model, or says otherwise than an option of `onnx.serve` */
function checkDeployment({ deployment, replicas, gpus }: OptionValues<typeof spec>): void {
  const { name, numReplicas, autoscaling, resources } = deployment;
  const refuse = (option: string, value: unknown, expected: string) => {
    if (value === undefined) return;
    throw InvalidOption({ where: 'onnx.serve', option: `deployment.${option}`, expected, value: shownValue(value) });
  };
  refuse(
    'name',
    name,
    'left out, because models are found by the name of their deployment; the name of the model is the option name',
  );
  if (replicas !== UNSET) {
    refuse('numReplicas', numReplicas, 'left out if replicas is given');
    refuse('autoscaling', autoscaling, 'left out if replicas is given');
  }
  if (gpus !== undefined) refuse('resources.gpu', resources?.gpu, 'left out if gpus is given');
}

/** The options that say which one model is meant. */
const OF_ONE_MODEL = ['name', 'version', 'application'] as const;

/** @throws NBS_INVALID_OPTION if there are several models, and an option that only one can have */
export function checkCount(values: ServeValues, models: readonly string[]): void {
  const option = OF_ONE_MODEL.find((each) => values[each] !== undefined);
  if (models.length < 2 || option === undefined) return;
  const expected = `left out, because there are several models: ${listOf(models)}`;
  throw InvalidOption({ where: 'onnx.serve', option, expected, value: JSON.stringify(values[option]) });
}

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
