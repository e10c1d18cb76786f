import { availableParallelism } from 'node:os';
import { group, InvalidOption, integer, isRecord, type OptionSpec, parseOptions } from '../core/index.js';

/** How many workers train, and what each may use. */
export interface ScalingConfig {
  /** Processes that train together. @default 1 */
  readonly numWorkers?: number;
  /** The fewest that a training may have, if there is no room for all, e.g. after the loss of a node. @default numWorkers */
  readonly minWorkers?: number;
  /** Reserves a GPU for each worker. @default false */
  readonly useGpu?: boolean;
  /** What each worker reserves. @default one core, or an equal share of all cores if there are fewer; and one GPU with useGpu */
  readonly resourcesPerWorker?: { readonly cpu?: number; readonly gpu?: number; readonly memory?: number };
}

/** The folder for results, and what happens to failures. */
export interface RunConfig {
  /** Name of the training, and of its folder. @default a new name */
  readonly name?: string;
  /** The folder of results. @default one in the system's folder for temporary files */
  readonly storagePath?: string;
  /**
   * How often workers are started again, from the last checkpoint, after one of their processes died. An error that your function throws ends the training.
   * @default { maxFailures: 3 }
   */
  readonly failureConfig?: { readonly maxFailures?: number };
  /** How many checkpoints are kept, the newest ones. @default all */
  readonly checkpointConfig?: { readonly numToKeep?: number };
  /** Called in your process with the metrics of each report, e.g. to draw them. */
  readonly onReport?: (metrics: Readonly<Record<string, number>>, history: readonly Readonly<Record<string, number>>[]) => void;
}

const where = 'Trainer';
const text = (doc: string): OptionSpec<string | undefined> => ({
  doc,
  expected: 'a text',
  default: undefined,
  parse: (value) => (typeof value === 'string' && value !== '' ? value : undefined),
});
const amounts = group<{ readonly cpu?: number; readonly gpu?: number; readonly memory?: number } | undefined>({
  doc: 'What each worker reserves.',
  type: '{ cpu?: number; gpu?: number; memory?: number }',
  expected: 'an object such as { cpu: 1 }',
  default: undefined,
  parse: (value) => value,
});
const scalingSpec = {
  numWorkers: integer({ doc: 'Processes.', default: 1, min: 1, max: 256 }),
  minWorkers: { ...integer({ doc: 'The fewest.', default: 1, min: 1, max: 256 }), default: undefined } as OptionSpec<
    number | undefined
  >,
  useGpu: {
    doc: 'A GPU for each worker.',
    expected: 'true or false',
    default: false,
    parse: (value) => (typeof value === 'boolean' ? value : undefined),
  } as OptionSpec<boolean>,
  resourcesPerWorker: amounts,
};
const runSpec = {
  name: {
    ...text('Name of the training.'),
    expected: 'a name without a slash',
    parse: (value) => (typeof value === 'string' && /^[^/\\]+$/.test(value) && !/^\.+$/.test(value) ? value : undefined),
  } as OptionSpec<string | undefined>,
  storagePath: text('The folder of results.'),
  failureConfig: group<number>({
    doc: 'Restarts.',
    type: '{ maxFailures?: number }',
    expected: 'an object such as { maxFailures: 3 }',
    default: 3,
    parse: (value) =>
      parseOptions(`${where}: failureConfig`, { maxFailures: integer({ doc: 'Restarts.', default: 3, min: 0 }) }, value)
        .maxFailures,
  }),
  checkpointConfig: group<number>({
    doc: 'Checkpoints.',
    type: '{ numToKeep?: number }',
    expected: 'an object such as { numToKeep: 2 }',
    default: Number.POSITIVE_INFINITY,
    parse: (value) => {
      const { numToKeep } = parseOptions(
        `${where}: checkpointConfig`,
        { numToKeep: { ...integer({ doc: 'Kept.', default: 1, min: 1 }), default: undefined } as OptionSpec<number | undefined> },
        value,
      );
      return numToKeep ?? Number.POSITIVE_INFINITY;
    },
  }),
  onReport: {
    doc: 'Called with each report.',
    expected: 'a function',
    default: undefined,
    parse: (value) => (typeof value === 'function' ? value : undefined),
  } as OptionSpec<RunConfig['onReport']>,
};

export function parseScaling(config: ScalingConfig) {
  const given = parseOptions(`${where}: scalingConfig`, scalingSpec, recordOf('scalingConfig', config));
  const { numWorkers, useGpu } = given;
  const minWorkers = given.minWorkers ?? numWorkers;
  if (minWorkers > numWorkers)
    throw InvalidOption({
      where: `${where}: scalingConfig`,
      option: 'minWorkers',
      expected: `at most numWorkers, which is ${numWorkers}`,
      value: String(minWorkers),
    });
  const resources = {
    cpu: Math.min(1, Math.floor((100 * availableParallelism()) / numWorkers) / 100),
    ...(useGpu && { gpu: 1 }),
    ...given.resourcesPerWorker,
  };
  return { numWorkers, minWorkers, resources };
}

export function parseRun(config: RunConfig) {
  const given = parseOptions(`${where}: runConfig`, runSpec, recordOf('runConfig', config));
  const { failureConfig: maxFailures, checkpointConfig: numToKeep, ...others } = given;
  return { ...others, maxFailures, numToKeep };
}

function recordOf(option: string, value: unknown): Readonly<Record<string, unknown>> {
  if (isRecord(value)) return value;
  throw InvalidOption({ where, option, expected: 'an object', value: String(value) });
}
