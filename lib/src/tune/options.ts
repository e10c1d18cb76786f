import { InvalidOption, integer, isRecord, type OptionSpec, parseOptions } from '../core/index.js';
import type { Mode } from './results.js';
import { FIFOScheduler, type Scheduler } from './scheduler.js';
import { BasicVariantGenerator, type SearchAlgorithm } from './search.js';

/** How a search goes about it. */
export interface TuneConfig {
  /** The metric that decides which trial is the best. Schedulers and searches other than the defaults need it. */
  readonly metric?: string;
  /** Whether a lower or a higher metric is better. */
  readonly mode?: Mode;
  /** The number of trials; with grids, how often each combination is tried. @default 1 */
  readonly numSamples?: number;
  /** The most trials that run at the same time. @default as many as there are cores for */
  readonly maxConcurrentTrials?: number;
  /** Decides which values the trials get. @default new tune.search.BasicVariantGenerator() */
  readonly searchAlg?: SearchAlgorithm;
  /** Decides which trials end early. @default new tune.schedulers.FIFOScheduler() */
  readonly scheduler?: Scheduler;
  /** The same seed gives the same configurations. @default 0 */
  readonly seed?: number;
}

/** The folder for results, and what happens to failures. */
export interface TuneRunConfig {
  /** The folder of results. @default one in the system's folder for temporary files */
  readonly storagePath?: string;
  /** Name of the search, and of its folder. @default a new name */
  readonly name?: string;
  /** How often a trial that failed begins again, from its last checkpoint. @default { maxFailures: 0 } */
  readonly failureConfig?: { readonly maxFailures?: number };
  /** A trial ends when a metric has reached this value: `{ trainingIteration: 5 }`. */
  readonly stop?: Readonly<Record<string, number>>;
}

const where = 'Tuner';
const given = <T>(doc: string, expected: string, test: (value: unknown) => boolean, fallback?: T): OptionSpec<T> => ({
  doc,
  expected,
  default: fallback as T,
  parse: (value) => (test(value) ? (value as T) : undefined),
});
const isText = (value: unknown) => typeof value === 'string' && value !== '';
const has = (method: string) => (value: unknown) =>
  typeof value === 'object' && value !== null && typeof (value as Record<string, unknown>)[method] === 'function';

const tuneSpec = {
  metric: given<string | undefined>('The metric.', 'the name of a metric', isText),
  mode: given<Mode | undefined>('What is better.', "'min' or 'max'", (value) => value === 'min' || value === 'max'),
  numSamples: integer({ doc: 'Trials.', default: 1, min: 1 }),
  maxConcurrentTrials: { ...integer({ doc: 'Trials at a time.', default: 1, min: 1 }), default: undefined } as OptionSpec<
    number | undefined
  >,
  searchAlg: given<SearchAlgorithm>(
    'The search.',
    'a search such as new tune.search.TPESearch()',
    has('suggest'),
    new BasicVariantGenerator(),
  ),
  scheduler: given<Scheduler>(
    'The scheduler.',
    'a scheduler such as new tune.schedulers.ASHAScheduler()',
    has('onReport'),
    new FIFOScheduler(),
  ),
  seed: integer({ doc: 'The seed.', default: 0, min: 0, max: 2 ** 32 - 1 }),
};
const runSpec = {
  storagePath: given<string | undefined>('The folder.', 'a text', isText),
  name: given<string | undefined>(
    'The name.',
    'a name without a slash',
    (value) => isText(value) && !/[/\\]/.test(value as string) && !/^\.+$/.test(value as string),
  ),
  failureConfig: given<{ readonly maxFailures?: number }>('Failures.', 'an object such as { maxFailures: 1 }', isRecord, {}),
  stop: given<Readonly<Record<string, number>>>(
    'When a trial ends.',
    'an object of numbers such as { trainingIteration: 5 }',
    (value) => isRecord(value) && Object.values(value).every((limit) => typeof limit === 'number'),
    {},
  ),
};
const failureSpec = { maxFailures: integer({ doc: 'Failures.', default: 0, min: 0 }) };

/** @throws NBS_INVALID_OPTION, NBS_UNKNOWN_OPTION */
export function parseTuneConfig(config: TuneConfig) {
  if (!isRecord(config)) throw InvalidOption({ where, option: 'tuneConfig', expected: 'an object', value: String(config) });
  return parseOptions(`${where}: tuneConfig`, tuneSpec, config as Readonly<Record<string, unknown>>);
}

/** @throws NBS_INVALID_OPTION, NBS_UNKNOWN_OPTION */
export function parseRunConfig(config: TuneRunConfig) {
  if (!isRecord(config)) throw InvalidOption({ where, option: 'runConfig', expected: 'an object', value: String(config) });
  const { failureConfig, ...run } = parseOptions(`${where}: runConfig`, runSpec, config as Readonly<Record<string, unknown>>);
  return { ...run, ...parseOptions(`${where}: failureConfig`, failureSpec, failureConfig) };
}
