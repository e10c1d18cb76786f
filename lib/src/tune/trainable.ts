import { ownCode, type ShippedCode, shipped } from '../actors/index.js';
import { InvalidOption, isRecord } from '../core/index.js';
import { train } from '../train/index.js';
import { readColumns, type TreesData, TreesTrainer, type TreesTrainerOptions } from '../trees/index.js';
import { NotTunable } from './errors.js';

/** What one trial reserves. */
export interface TrialResources {
  /** Cores, which may be a fraction. @default 1 */
  readonly cpu?: number;
  /** GPUs, a fraction below 1 or a whole number. @default 0 */
  readonly gpu?: number;
  /** Bytes; they are counted, and not enforced. @default 0 */
  readonly memory?: number;
}

/** A function that a trial runs. What it returns, if it is an object of numbers, is its last report. */
export type TrialFunction<C> = (config: C) => unknown;
/** What a Tuner takes. */
export type Trainable<C> = TrialFunction<C> | AnyTrainer | TreesTrainer | WithResources<C>;
// biome-ignore lint/suspicious/noExplicitAny: the configuration of its loop may have any type.
type AnyTrainer = train.Trainer<any>;

const MARK = Symbol('with resources');
/** A function or trainer, and what each of its trials reserves. {@link withResources} makes it. */
export interface WithResources<C> {
  readonly [MARK]: true;
  readonly resources: TrialResources;
  readonly trainable: TrialFunction<C> | AnyTrainer | TreesTrainer;
  readonly code: ShippedCode;
}

/**
 * Says what each trial of a function or of a trainer of trees reserves. The workers of a `Trainer` reserve what its `scalingConfig` says.
 * @throws NBS_TUNE_NOT_TUNABLE, NBS_INVALID_OPTION
 */
export function withResources<C>(trainable: TrialFunction<C> | TreesTrainer, resources: TrialResources): WithResources<C> {
  if (trainable instanceof train.Trainer)
    throw InvalidOption({
      where: 'withResources',
      option: 'trainable',
      expected: 'a function; what the workers of a Trainer reserve is resourcesPerWorker in its scalingConfig',
      value: 'a Trainer',
    });
  return { [MARK]: true, resources, trainable, code: codeOf(trainable) };
}

/** @throws NBS_TUNE_NOT_TUNABLE */
export function asTrainable<C>(value: Trainable<C>): WithResources<C> {
  if (isRecord(value) && MARK in value) return value as WithResources<C>;
  // Its trials have no code of their own: the trainer starts its workers.
  if (value instanceof train.Trainer) return { [MARK]: true, resources: {}, trainable: value, code: ownCode('trainer') };
  return withResources(value as TrialFunction<C>, {});
}

/** It must be called at the moment when the user passes the function. */
function codeOf(trainable: unknown): ShippedCode {
  if (trainable instanceof TreesTrainer) return ownCode('trees');
  if (typeof trainable === 'function') return shipped('Tuner', trainable as () => unknown);
  throw NotTunable({ value: trainable === null ? 'null' : typeof trainable === 'object' ? 'another object' : typeof trainable });
}

/** The options of a trainer as they can be sent: its data sets are read. Undefined if it is a function. */
export async function treesOf({ trainable }: WithResources<never>): Promise<TreesTrainerOptions | undefined> {
  if (!(trainable instanceof TreesTrainer)) return undefined;
  const { datasets, ...options } = trainable.options;
  const read = await Promise.all(
    Object.entries(datasets).map(async ([name, data]) => {
      return [name, await readColumns(`TreesTrainer: the data set ${name}`, data as TreesData)] as const;
    }),
  );
  return { ...options, datasets: Object.fromEntries(read) as unknown as TreesTrainerOptions['datasets'] };
}
