import { mkdir } from 'node:fs/promises';
import { type ActorPool, hasDied, startPool, type Worker } from '../actors/index.js';
import type { TreesTrainerOptions } from '../trees/index.js';
import type { StateFile } from './state-file.js';
import type { TrialResources, WithResources } from './trainable.js';
import { errorOf, rewind, type TrialState } from './trial.js';
import type { TrialInit, TrialReport } from './trial-worker.js';

/** What {@link Trials} needs. */
export interface TrialsOptions {
  readonly trainable: WithResources<never>;
  readonly resources: TrialResources;
  readonly trees: TreesTrainerOptions | undefined;
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
    for (;;) {
      trial.status = 'RUNNING';
      if (trial.failures > 0) rewind(trial);
      await onChange();
      const worker = await this.#start(trial);
      try {
        await this.#follow(trial, worker);
        trial.status = 'TERMINATED';
        trial.error = null;
      } catch (error) {
        trial.status = 'ERROR';
        trial.failures += 1;
        trial.error = errorOf(error);
      } finally {
        if (worker.isAlive) await (await this.#pool)?.remove(worker).catch(ignoreDeath);
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
    const { onReport, onChange } = this.#options;
    const before = trial.history.at(-1)?.timeTotalS ?? 0;
    const begun = performance.now();
    let goesOn = true;
    for await (const item of worker.stream('run', [])) {
      const { metrics, checkpoint, asks } = item as TrialReport;
      if (checkpoint !== null) {
        trial.checkpoint = checkpoint;
        trial.checkpoints += 1;
      }
      // It was told to end, and goes on: its process is ended.
      if (!goesOn && asks) return;
      if (Object.keys(metrics).length > 0) {
        const timeTotalS = before + (performance.now() - begun) / 1000;
        trial.history.push({ ...metrics, trainingIteration: trial.history.length + 1, timeTotalS });
        if (goesOn) goesOn = onReport(trial);
        trial.stoppedEarly = !goesOn;
      }
      if (checkpoint !== null) trial.checkpointAt = trial.history.length;
      await onChange();
      if (asks) await worker.call('answer', [goesOn]);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (await this.#pool?.catch(() => null))?.close();
  }
}

function ignoreDeath(error: unknown): void {
  if (!hasDied(error)) throw error;
}
