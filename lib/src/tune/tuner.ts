import { availableParallelism } from 'node:os';
import { basename, dirname, resolve } from 'node:path';
import { pauseInWorker, roomFor } from '../actors/index.js';
import { InvalidOption, isRecord } from '../core/index.js';
import { resultFolder } from '../session/index.js';
import { type TrainerOptions, train } from '../train/index.js';
import type { TreesTrainer, TreesTrainerOptions } from '../trees/index.js';
import { textOf } from './domain.js';
import { MetricNeeded, NoMetric } from './errors.js';
import { LiveTable } from './live-table.js';
import { parseRunConfig, parseTuneConfig, type TuneConfig, type TuneRunConfig } from './options.js';
import { ResultGrid } from './results.js';
import type { Finished } from './search.js';
import { type ConfigOf, configOf, dimensionsOf, type ParamSpace, type SpaceOf } from './space.js';
import { StateFile } from './state-file.js';
import {
  asTrainable,
  type Trainable,
  type TrialFunction,
  type TrialResources,
  treesOf,
  type WithResources,
} from './trainable.js';
import { latest, newTrial, rewind, type TrialState } from './trial.js';
import { Trials } from './trials.js';

/** Options of a {@link Tuner}; the names are those of Ray's. */
export interface TunerOptions<S extends ParamSpace> {
  /** What the trials get: values, and domains such as `tune.loguniform(1e-4, 1e-1)`. Of a trainer, these are options that replace its own. */
  readonly paramSpace: S;
  readonly tuneConfig?: TuneConfig;
  readonly runConfig?: TuneRunConfig;
}

/** Searches for the best configuration of a function or trainer: it runs trials with different ones, each in a process of its own. */
export interface Tuner<S extends ParamSpace> {
  /**
   * Runs all trials. Resolves when each has ended; one that fails is in the results.
   * @throws NBS_TUNE_EXISTS; NBS_NEVER_FITS, NBS_CANNOT_SHIP and others if no trial can start
   */
  fit(): Promise<ResultGrid<ConfigOf<S>>>;
}

/** Makes a {@link Tuner}. The space of a trainer has options of that trainer, and that of a function what the function takes. */
export interface TunerConstructor {
  /** @throws NBS_INVALID_OPTION, NBS_UNKNOWN_OPTION, NBS_TUNE_NOT_TUNABLE, NBS_TUNE_METRIC_NEEDED, NBS_TUNE_INVALID_SPACE */
  new <S extends SpaceOf<TreesTrainerOptions>>(trainer: TreesTrainer, options: TunerOptions<S>): Tuner<S>;
  new <C, S extends TrainerSpace<C>>(trainer: train.Trainer<C>, options: TunerOptions<S>): Tuner<S>;
  new <S extends ParamSpace>(trainable: TrialOf<ConfigOf<S>>, options: TunerOptions<S>): Tuner<S>;
  /**
   * A Tuner that continues a search whose process ended. Trials that had ended keep their results; the others begin again, from their last checkpoints.
   * @param path the folder of the search, `results.path`
   * @param options as those of the search
   * @throws NBS_TUNE_NOTHING_TO_RESTORE when it is run, if there is none, or it had another space, seed or number of trials
   */
  restore<S extends SpaceOf<TreesTrainerOptions>>(path: string, trainer: TreesTrainer, options: TunerOptions<S>): Tuner<S>;
  restore<C, S extends TrainerSpace<C>>(path: string, trainer: train.Trainer<C>, options: TunerOptions<S>): Tuner<S>;
  restore<S extends ParamSpace>(path: string, trainable: TrialOf<ConfigOf<S>>, options: TunerOptions<S>): Tuner<S>;
}

type TrainerSpace<C> = SpaceOf<Omit<TrainerOptions<C>, 'trainLoopPerWorker'>>;
type TrialOf<C> = TrialFunction<C> | WithResources<C>;

/** See {@link TunerConstructor}. */
export const Tuner: TunerConstructor = class Tuner<S extends ParamSpace> {
  readonly #trainable: WithResources<never>;
  readonly #space: S;
  readonly #tune: ReturnType<typeof parseTuneConfig>;
  readonly #run: ReturnType<typeof parseRunConfig>;
  #restored = false;

  constructor(trainable: Trainable<ConfigOf<S>>, options: TunerOptions<S>) {
    this.#trainable = asTrainable(trainable) as WithResources<never>;
    const {
      paramSpace,
      tuneConfig = {},
      runConfig = {},
      ...others
    } = isRecord(options) ? (options as TunerOptions<S>) : ({} as TunerOptions<S>);
    const fail = (option: string, expected: string) =>
      InvalidOption({ where: 'Tuner', option, expected, value: 'something else' });
    const [unknown] = Object.keys(others);
    if (unknown !== undefined) throw fail(unknown, 'one of paramSpace, tuneConfig, runConfig');
    if (!isRecord(paramSpace)) throw fail('paramSpace', 'an object such as { lr: tune.loguniform(1e-4, 1e-1) }');
    this.#space = paramSpace;
    this.#tune = parseTuneConfig(tuneConfig);
    this.#run = parseRunConfig(runConfig);
    const { searchAlg, scheduler, metric, mode, numSamples } = this.#tune;
    if (
      (metric === undefined) !== (mode === undefined) ||
      (metric === undefined && (searchAlg.usesResults || scheduler.usesMetric))
    )
      throw MetricNeeded({ where: 'tuneConfig' });
    searchAlg.trialsOf(dimensionsOf(paramSpace), numSamples);
  }

  static restore<S extends ParamSpace>(path: string, trainable: Trainable<ConfigOf<S>>, options: TunerOptions<S>): Tuner<S> {
    const whole = resolve(path);
    const runConfig = { ...options.runConfig, storagePath: dirname(whole), name: basename(whole) };
    const tuner = new Tuner(trainable, { ...options, runConfig });
    tuner.#restored = true;
    return tuner;
  }

  async fit(): Promise<ResultGrid<ConfigOf<S>>> {
    const { searchAlg, scheduler, metric, mode, numSamples, seed } = this.#tune;
    const { storagePath, name, stop, maxFailures } = this.#run;
    const dimensions = dimensionsOf(this.#space);
    const total = searchAlg.trialsOf(dimensions, numSamples);
    const search = textOf({ space: this.#space, search: searchAlg.constructor.name, seed, numSamples });
    const state = new StateFile(resultFolder('tune', storagePath, name), search, this.#space);
    const isInWorker = await pauseInWorker();
    const trials: TrialState[] = this.#restored && !isInWorker ? await state.restore() : [];
    const sign = mode === 'max' ? -1 : 1;
    const lossOf = (history: TrialState['history'], until = history.length) =>
      metric === undefined ? Number.NaN : sign * (latest(history, metric, until) ?? Number.NaN);
    const goesOn = ({ number, history }: TrialState, iteration = history.length): boolean => {
      const metrics = history[iteration - 1] ?? {};
      if (metric !== undefined && scheduler.usesMetric && latest(history, metric, iteration) === undefined)
        throw NoMetric({ metric, valid: Object.keys(metrics).join(', ') });
      const isScheduled = scheduler.onReport({ trial: number, iteration, loss: lossOf(history, iteration) });
      return isScheduled && !Object.entries(stop).some(([key, limit]) => (metrics[key] ?? Number.NaN) >= limit);
    };
    scheduler.begin?.();
    for (const trial of trials) if (trial.status === 'PENDING' || trial.status === 'RUNNING') rewind(trial);
    // What the scheduler had seen before.
    // A report without the metric has made its trial fail.
    for (const trial of trials)
      for (const at of trial.history.keys())
        if (metric === undefined || latest(trial.history, metric, at + 1) !== undefined) goesOn(trial, at + 1);
    const results = () =>
      new ResultGrid<ConfigOf<S>>(state.folder, (trial) => `${state.folder}/${trial}`, trials, dimensions, { metric, mode });
    if (isInWorker) return results();
    if (!this.#restored) await state.create();
    const table = new LiveTable(total, () => results().toRows());
    const resources = this.#resources();
    await using runner = new Trials({
      trainable: this.#trainable,
      resources,
      trees: await treesOf(this.#trainable),
      state,
      maxFailures,
      onReport: (trial) => goesOn(trial),
      onChange: async () => {
        await Promise.all([state.save(trials), table.update()]);
      },
    });
    const limit = await this.#limit(total, resources);
    const running = new Map<number, Promise<void>>();
    for (let number = 0; number < total; number += 1) {
      const known = trials[number];
      if (known?.status === 'TERMINATED' || known?.status === 'ERROR') continue;
      while (running.size >= limit) await Promise.race(running.values());
      // A suggestion depends on the same results whichever trial was faster.
      if (searchAlg.usesResults) for (const [other, end] of running) if (other <= number - limit) await end;
      const trial = known ?? this.#newTrial(number, trials, limit, lossOf);
      trials[number] = trial;
      const run = runner.run(trial).finally(() => running.delete(number));
      run.catch(() => {});
      running.set(number, run);
    }
    await Promise.all(running.values());
    await state.save(trials);
    await table.update(true);
    return results();
  }

  /** What one worker of a trial reserves. */
  #resources(): TrialResources {
    const { trainable, resources } = this.#trainable;
    return trainable instanceof train.Trainer ? trainable.scaling.resources : { cpu: 1, ...resources };
  }

  /** The most trials at a time: never more than there is room for, because a trial that waits for room would keep another one from ending. */
  async #limit(total: number, resources: TrialResources): Promise<number> {
    const { trainable } = this.#trainable;
    const workers = trainable instanceof train.Trainer ? trainable.scaling.numWorkers : 1;
    const { free } = await roomFor(resources);
    const room = Math.max(1, Math.floor(free / workers));
    const { cpu = 0 } = resources;
    // Each worker is a process, also one that reserves no core.
    const wanted = this.#tune.maxConcurrentTrials ?? Math.floor(availableParallelism() / ((cpu || 1) * workers));
    return Math.max(1, Math.min(total, room, wanted));
  }

  #newTrial(
    number: number,
    trials: readonly TrialState[],
    limit: number,
    lossOf: (history: TrialState['history']) => number,
  ): TrialState {
    const { searchAlg, seed } = this.#tune;
    const finished: Finished[] = trials
      .filter((trial) => trial.number <= number - limit && trial.status === 'TERMINATED')
      .map(({ values, history }) => ({ values, loss: lossOf(history) }));
    const values = searchAlg.suggest(number, dimensionsOf(this.#space), seed, finished);
    return newTrial(number, values, configOf(this.#space, values));
  }
};
