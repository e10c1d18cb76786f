import { mkdir } from 'node:fs/promises';
import { type ActorPool, hasDied, interruption, startPool, type Worker } from '../actors/index.js';
import { runInSession, type TrainCheckpoint, TrialStopped } from '../session/index.js';
import { train } from '../train/index.js';
import type { TreesTrainerOptions } from '../trees/index.js';
import { merged } from './space.js';
import type { StateFile } from './state-file.js';
import type { TrialResources, WithResources } from './trainable.js';
import { errorOf, rewind, type TrialState } from './trial.js';
import type { TrialInit, TrialReport } from './trial-worker.js';

/** What {@link Trials} needs. */
export interface TrialsOptions {
  readonly trainable: WithResources<never>;
  readonly resources: TrialResources;
  readonly trees?: TreesTrainerOptions | undefined;
  readonly state: StateFile;
  readonly maxFailures: number;
  /** Called after each report, with the trial's new history. False ends the trial. @throws what makes the trial fail */
  readonly onReport: (trial: TrialState) => boolean;
  /** Called after each change of a trial. */
  readonly onChange: () => Promise<void>;
}

/** Runs trials, each in a process of its own. */
export class Trials implements AsyncDisposable {
  readonly #options: TrialsOptions;
  #pool: Promise<ActorPool> | null = null;

  constructor(options: TrialsOptions) {
    this.#options = options;
  }

  /** Runs a trial to its end. A trial that fails is no error. @throws if no process can be started, e.g. NBS_NEVER_FITS, NBS_CANNOT_SHIP */
  async run(trial: TrialState): Promise<void> {
    const { state, maxFailures, onChange } = this.#options;
    await mkdir(state.folderOf(trial.number), { recursive: true });
    const interrupt = interruption();
    for (;;) {
      interrupt?.throwIfAborted();
      trial.status = 'RUNNING';
      if (trial.failures > 0) rewind(trial);
      await onChange();
      const { trainable } = this.#options.trainable;
      const worker = trainable instanceof train.Trainer ? null : await this.#start(trial);
      try {
        if (worker === null) await this.#train(trial, trainable as train.Trainer<unknown>);
        else await this.#follow(trial, worker);
        trial.status = 'TERMINATED';
        trial.error = null;
      } catch (error) {
        // The trial has not failed; a search that is restored runs it again.
        interrupt?.throwIfAborted();
        trial.status = 'ERROR';
        trial.failures += 1;
        trial.error = errorOf(error);
      } finally {
        if (worker?.isAlive === true) await (await this.#pool)?.remove(worker).catch(ignoreDeath);
      }
      if (trial.status === 'TERMINATED' || trial.failures > maxFailures) return onChange();
    }
  }

  async #start({ config, number, checkpoint, checkpoints }: TrialState): Promise<Worker> {
    const { trainable, resources, trees, state } = this.#options;
    const init: TrialInit = {
      config,
      folder: state.folderOf(number),
      checkpoint,
      checkpoints,
      ...(trees !== undefined && { trees }),
    };
    if (this.#pool !== null) return (await (await this.#pool).add([[init]]))[0] as Worker;
    const wrapper = new URL('./trial-worker.js', import.meta.url).href;
    this.#pool = startPool(trainable.code, { kind: 'tune', args: [[init]], wrapper, resources, restart: false });
    return (await this.#pool).workers[0] as Worker;
  }

  async #follow(trial: TrialState, worker: Worker): Promise<void> {
    const note = this.#noting(trial);
    let goesOn = true;
    for await (const item of worker.stream('run', [])) {
      const { metrics, checkpoint, asks } = item as TrialReport;
      // It was told to end, and goes on: its process is ended.
      if (!goesOn && asks) return;
      goesOn = await note(metrics, checkpoint);
      if (asks) await worker.call('answer', [goesOn]);
    }
  }

  /** Runs a trainer from this process, because its workers are processes that a worker could not start. */
  async #train(trial: TrialState, trainer: train.Trainer<unknown>): Promise<void> {
    const note = this.#noting(trial);
    const folder = this.#options.state.folderOf(trial.number);
    const { checkpoint } = trial;
    let goesOn = true;
    const report = async (metrics: Readonly<Record<string, number>>, given: TrainCheckpoint | null = null): Promise<boolean> => {
      // Its loop was told to end, and goes on: its workers are ended.
      if (!goesOn) throw new TrialStopped();
      goesOn = await note(metrics, given);
      return goesOn;
    };
    const { trainLoopPerWorker: _code, ...options } = merged(trainer.options as never, trial.config);
    try {
      await runInSession({ folder, checkpoint, report, goBack: () => rewind(trial) }, () => trainer.with(options).fit());
    } catch (error) {
      if (!(error instanceof TrialStopped)) throw error;
    }
  }

  /** Gives the function that writes a report into the trial, and resolves to whether the trial goes on. */
  #noting(trial: TrialState) {
    const { onReport, onChange } = this.#options;
    const before = trial.history.at(-1)?.timeTotalS ?? 0;
    const begun = performance.now();
    let goesOn = true;
    return async (metrics: Readonly<Record<string, number>>, checkpoint: TrainCheckpoint | null): Promise<boolean> => {
      if (checkpoint !== null) {
        trial.checkpoint = checkpoint;
        trial.checkpoints += 1;
      }
      if (Object.keys(metrics).length > 0) {
        const timeTotalS = before + (performance.now() - begun) / 1000;
        trial.history.push({ ...metrics, trainingIteration: trial.history.length + 1, timeTotalS });
        if (goesOn) goesOn = onReport(trial);
        trial.stoppedEarly = !goesOn;
      }
      if (checkpoint !== null) trial.checkpointAt = trial.history.length;
      const changed = onChange();
      // What is not needed to go on after a crash is written while the trial runs. If that fails, the next write says so.
      if (checkpoint === null && goesOn) changed.catch(() => {});
      else await changed;
      return goesOn;
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (await this.#pool?.catch(() => null))?.close();
  }
}

function ignoreDeath(error: unknown): void {
  if (!hasDied(error)) throw error;
}
