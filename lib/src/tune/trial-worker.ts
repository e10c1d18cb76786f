import { existsSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { ReportQueue, replaceFolder, runInSession, type TrainCheckpoint, TrialStopped } from '../session/index.js';
import { TreesTrainer, type TreesTrainerOptions } from '../trees/index.js';
import { CheckpointNotKept, OtherMachine } from './errors.js';
import { merged } from './space.js';

/** What the process of a trial gets. */
export interface TrialInit {
  readonly config: Readonly<Record<string, unknown>>;
  /** The folder of the trial, which exists. */
  readonly folder: string;
  readonly checkpoint: TrainCheckpoint | null;
  /** The number of checkpoints that the trial has already. */
  readonly checkpoints: number;
  /** The options of a trainer of trees. If it is absent, the user's function runs. */
  readonly trees?: TreesTrainerOptions;
}

/** What a trial tells about itself. */
export interface TrialReport {
  readonly metrics: Readonly<Record<string, number>>;
  readonly checkpoint: TrainCheckpoint | null;
  /** Whether the trial waits to hear if it goes on. */
  readonly asks: boolean;
}

/** What the program calls in the process of a trial. */
interface Trial {
  run(): AsyncGenerator<TrialReport>;
  answer(goesOn: boolean): void;
}

/** What the process of a trial runs: the function of the user, or a trainer. */
export const wrap = (target: (config: unknown) => unknown): (new (init: TrialInit) => Trial) =>
  class {
    readonly #init: TrialInit;
    readonly #reports = new ReportQueue<TrialReport>();
    #checkpoints: number;

    constructor(init: TrialInit) {
      this.#init = init;
      this.#checkpoints = init.checkpoints;
    }

    /** Runs the trial, and gives its reports. */
    async *run(): AsyncGenerator<TrialReport> {
      try {
        yield* this.#reports.during(() => this.#work());
      } catch (error) {
        if (!(error instanceof TrialStopped)) throw error;
      }
    }

    /** Answers the oldest report that asks. */
    answer(goesOn: boolean): void {
      this.#reports.answer(goesOn);
    }

    async #work(): Promise<void> {
      const { folder, checkpoint, config, trees } = this.#init;
      if (!existsSync(folder)) throw OtherMachine({ host: hostname(), path: folder });
      const report = (metrics: TrialReport['metrics'], given?: TrainCheckpoint): Promise<boolean> => {
        const own = { ...metrics };
        return this.#reports.ask(async () => {
          const kept = given === undefined ? null : await this.#keep(given);
          return { metrics: own, checkpoint: kept, asks: true };
        });
      };
      await runInSession({ folder, checkpoint, report }, async () => {
        if (trees === undefined) {
          const last = await target(config);
          if (typeof last === 'object' && last !== null && Object.values(last).some((value) => typeof value === 'number'))
            await this.#reports.tell({ metrics: last as TrialReport['metrics'], checkpoint: null, asks: false });
          return;
        }
        const options = merged(trees as unknown as Record<string, unknown>, config) as unknown as TreesTrainerOptions;
        const result = await new TreesTrainer(options).fit();
        await this.#reports.tell({ metrics: {}, checkpoint: result.checkpoint, asks: false });
      });
    }

    /** Copies a checkpoint into the trial's folder. It appears there whole or not at all. */
    async #keep({ path }: TrainCheckpoint): Promise<TrainCheckpoint> {
      const kept = join(this.#init.folder, `checkpoint_${String(this.#checkpoints++).padStart(6, '0')}`);
      await replaceFolder(kept, (made) => cp(path, made, { recursive: true })).catch((error: Error) => {
        throw CheckpointNotKept({ path: kept, reason: error.message }, error);
      });
      return { path: kept };
    }
  };
