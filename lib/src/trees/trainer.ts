import { InvalidOption, integer, isRecord, type OptionSpec, parseOptions } from '../core/index.js';
import { currentSession, resultFolder, type TrainCheckpoint } from '../session/index.js';
import { boost, type TreeMetrics } from './boost.js';
import { checkpointIn, readGrown, writeModel } from './files.js';
import type { TreesModel } from './model.js';
import { parseParams, type TreesParams } from './options.js';
import { startWorkers } from './start-workers.js';
import { readColumns, type TreesData } from './table.js';

/** The folder for the result of a training of trees, and what happens to failures. */
export interface TreesRunConfig {
  /** The folder of results. @default one in the system's folder for temporary files */
  readonly storagePath?: string;
  /** Name of the training, and of its folder. @default a new name */
  readonly name?: string;
  /** How often workers are started again, from the last tree, after one of their processes died. @default { maxFailures: 3 } */
  readonly failureConfig?: { readonly maxFailures?: number };
  /** After how many trees a checkpoint replaces the one before. @default there is one at the end */
  readonly checkpointConfig?: { readonly checkpointFrequency?: number };
}

/** Options of {@link TreesTrainer}; the names are those of Ray's `XGBoostTrainer`. */
export interface TreesTrainerOptions {
  /** The column that the trees learn to predict. All others are features. */
  readonly labelColumn: string;
  /** The data set `train`, which is trained on, and others, which are only scored: `{ train, valid }`. */
  readonly datasets: { readonly train: TreesData } & Readonly<Record<string, TreesData>>;
  /** Parameters of the trees. @default squared loss, and XGBoost's defaults */
  readonly params?: TreesParams;
  /** The number of trees. @default 10 */
  readonly numBoostRound?: number;
  /** Ends the training when the last metric of the last data set was not better for so many trees; the model keeps the best ones. @default never */
  readonly earlyStoppingRounds?: number;
  /** With several workers, each is a process of its own that holds a part of the rows. The model is the same, bit by bit. @default 1 */
  readonly scalingConfig?: { readonly numWorkers?: number };
  /** The folder that keeps the result, and what happens to failures. */
  readonly runConfig?: TreesRunConfig;
  /** A checkpoint of an earlier training, from which this one goes on up to `numBoostRound` trees. Data and parameters must be those of that training. With null, it begins anew. */
  readonly resumeFromCheckpoint?: TrainCheckpoint | null;
}

/** What a training gives. */
export interface TreesResult {
  /** The metrics after the last tree: `{ 'train-logloss': …, 'valid-logloss': …, trainingIteration }`. */
  readonly metrics: TreeMetrics;
  /** The metrics after each tree. */
  readonly metricsHistory: readonly TreeMetrics[];
  /** The folder with `model.onnx` and `model.json`. */
  readonly checkpoint: TrainCheckpoint;
  readonly model: TreesModel;
}

const required = <T>(doc: string, expected: string, test: (value: unknown) => boolean): OptionSpec<T> => ({
  doc,
  expected,
  isRequired: true,
  default: undefined as T,
  parse: (value) => (test(value) ? (value as T) : undefined),
});
const optional = <T>(doc: string, expected: string, fallback: T, test: (value: unknown) => boolean): OptionSpec<T> => ({
  doc,
  expected,
  default: fallback,
  parse: (value) => (test(value) ? (value as T) : undefined),
});

const where = 'TreesTrainer';
const spec = {
  labelColumn: required<string>('The label.', 'the name of a column', (value) => typeof value === 'string'),
  datasets: required<Readonly<Record<string, TreesData>>>(
    'The data sets.',
    'an object with the data set train',
    (value) => isRecord(value) && value.train !== undefined,
  ),
  params: optional<TreesParams>('Parameters.', 'an object of parameters', {}, isRecord),
  numBoostRound: integer({ doc: 'The number of trees.', default: 10, min: 1, max: 100_000 }),
  earlyStoppingRounds: {
    ...integer({ doc: 'Patience.', default: 0, min: 1 }),
    default: undefined,
  } as OptionSpec<number | undefined>,
  scalingConfig: optional<{ readonly numWorkers?: number }>('Workers.', 'an object such as { numWorkers: 4 }', {}, isRecord),
  runConfig: optional<TreesRunConfig>('Storage.', "an object such as { storagePath: './results' }", {}, isRecord),
  resumeFromCheckpoint: optional<TrainCheckpoint | null>(
    'Where it goes on.',
    'a checkpoint, such as { path }, or null',
    null,
    (value) => value === null || (isRecord(value) && typeof value.path === 'string'),
  ),
};
const scalingSpec = { numWorkers: integer({ doc: 'Workers.', default: 1, min: 1, max: 256 }) };
const text = (doc: string) =>
  optional<string | undefined>(doc, 'a text', undefined, (value) => typeof value === 'string' && value !== '');
const runSpec = {
  storagePath: text('Folder.'),
  name: text('Name.'),
  failureConfig: optional<{ readonly maxFailures?: number }>('Restarts.', 'an object such as { maxFailures: 3 }', {}, isRecord),
  checkpointConfig: optional<{ readonly checkpointFrequency?: number }>(
    'Checkpoints.',
    'an object such as { checkpointFrequency: 10 }',
    {},
    isRecord,
  ),
};
const failureSpec = { maxFailures: integer({ doc: 'Restarts.', default: 3, min: 0 }) };
const checkpointSpec = {
  checkpointFrequency: {
    ...integer({ doc: 'Trees.', default: 0, min: 1 }),
    default: undefined,
  } as OptionSpec<number | undefined>,
};

/**
 * Trains trees by gradient boosting over histograms, as XGBoost does: each tree corrects what those before it leave over. Columns of numbers may have missing
 * values; columns of texts are categories.
 */
export class TreesTrainer {
  readonly #options: TreesTrainerOptions;

  /** @throws NBS_INVALID_OPTION, NBS_UNKNOWN_OPTION */
  constructor(options: TreesTrainerOptions) {
    check(options);
    this.#options = options;
  }

  /** The options, for searches that change some of them. */
  get options(): TreesTrainerOptions {
    return this.#options;
  }

  /**
   * Trains, and writes the model into the folder of the result.
   * @throws NBS_TREES_NO_TABLE, NBS_TREES_NO_COLUMN, NBS_TREES_NO_FEATURES, NBS_TREES_WRONG_VALUE, NBS_TREES_TOO_MANY_CATEGORIES; NBS_TREES_FAILED if workers
   * died too often, NBS_TREES_NOT_KEPT, NBS_TREES_OTHER_TRAINING
   */
  async fit(): Promise<TreesResult> {
    const { labelColumn, datasets, params, numBoostRound, earlyStoppingRounds, numWorkers, run, resumeFromCheckpoint } = check(
      this.#options,
    );
    const { train, ...others } = datasets;
    const sets = await Promise.all(
      // Pairs, because names such as 2024 would come first in an object.
      [['train', train] as const, ...Object.entries(others)].map(async ([name, data]) => {
        return [name, await readColumns(`${where}: the data set ${name}`, data as TreesData)] as const;
      }),
    );
    const session = currentSession();
    // A search runs many trainings at the same time, so each has one process. The trees are the same.
    await using workers = startWorkers(session === undefined ? numWorkers : 1);
    const folder = session?.folder ?? resultFolder('trees', run.storagePath, run.name);
    const path = checkpointIn(folder);
    const { model, grown, history } = await boost({
      where,
      params,
      labelColumn,
      sets,
      numBoostRound,
      earlyStoppingRounds,
      numWorkers: workers.count,
      startWorkers: (shards) => workers.start(shards),
      maxFailures: run.maxFailures,
      checkpointEvery: run.checkpointFrequency,
      onCheckpoint: (some, soFar) => writeModel(some, soFar, path),
      start:
        resumeFromCheckpoint === null
          ? undefined
          : { grown: await readGrown(resumeFromCheckpoint), path: resumeFromCheckpoint.path },
      onTree: (metrics) => session?.report(metrics) ?? Promise.resolve(true),
    });
    const checkpoint = await writeModel(model, grown, path);
    const metrics = { ...history.at(-1), trainingIteration: history.length };
    return { metrics, metricsHistory: history, checkpoint, model };
  }
}

function check(options: TreesTrainerOptions) {
  if (!isRecord(options)) throw InvalidOption({ where, option: 'options', expected: 'an object', value: String(options) });
  const parsed = parseOptions(where, spec, options as unknown as Readonly<Record<string, unknown>>);
  for (const name of ['labelColumn', 'datasets'] as const) {
    if (parsed[name] === undefined) throw InvalidOption({ where, option: name, expected: spec[name].expected, value: 'nothing' });
  }
  const { numWorkers } = parseOptions(where, scalingSpec, parsed.scalingConfig);
  const { failureConfig, checkpointConfig, ...folders } = parseOptions(`${where}: runConfig`, runSpec, { ...parsed.runConfig });
  const run = {
    ...folders,
    ...parseOptions(`${where}: failureConfig`, failureSpec, failureConfig),
    ...parseOptions(`${where}: checkpointConfig`, checkpointSpec, checkpointConfig),
  };
  return { ...parsed, params: parseParams(where, parsed.params), numWorkers, run };
}
