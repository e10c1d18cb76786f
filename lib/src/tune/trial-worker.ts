import { existsSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { replaceFolder, runInSession, type TrainCheckpoint } from '../session/index.js';
import { TreesTrainer, type TreesTrainerOptions } from '../trees/index.js';
import { CheckpointNotKept, OtherMachine } from './errors.js';
import { TrialStopped } from './report.js';
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

type Item = { readonly report: TrialReport } | { readonly error: unknown } | 'end';

/** What the program calls in the process of a trial. */
interface Trial {
  run(): AsyncGenerator<TrialReport>;
  answer(goesOn: boolean): void;
}

/** What the process of a trial runs: the function of the user, or a trainer. */
export const wrap = (target: (config: unknown) => unknown): (new (init: TrialInit) => Trial) =>
  class {
    readonly #init: TrialInit;
    readonly #items: Item[] = [];
    readonly #asking: ((goesOn: boolean) => void)[] = [];
    #wake: () => void = () => {};
    #checkpoints: number;

    constructor(init: TrialInit) {
      this.#init = init;
      this.#checkpoints = init.checkpoints;
    }

    /** Runs the trial, and gives its reports. */
    async *run(): AsyncGenerator<TrialReport> {
      this.#work().then(
        () => this.#tell('end'),
        (error: unknown) => this.#tell(error instanceof TrialStopped ? 'end' : { error }),
      );
      for (;;) {
        const item = this.#items.shift();
        if (item === undefined) await new Promise<void>((resolve) => (this.#wake = resolve));
        else if (item === 'end') return;
        else if ('error' in item) throw item.error;
        else yield item.report;
      }
    }

    /** Answers the oldest report that asks. */
    answer(goesOn: boolean): void {
      this.#asking.shift()?.(goesOn);
    }

    #tell(item: Item): void {
      this.#items.push(item);
      this.#wake();
    }

    async #work(): Promise<void> {
      const { folder, checkpoint, config, trees } = this.#init;
      if (!existsSync(folder)) throw OtherMachine({ host: hostname(), path: folder });
      const report = async (metrics: TrialReport['metrics'], given?: TrainCheckpoint): Promise<boolean> => {
        const kept = given === undefined ? null : await this.#keep(given);
        const answer = new Promise<boolean>((resolve) => this.#asking.push(resolve));
        this.#tell({ report: { metrics, checkpoint: kept, asks: true } });
        return answer;
      };
      await runInSession({ folder, checkpoint, report }, async () => {
        if (trees === undefined) {
          const last = await target(config);
          if (typeof last === 'object' && last !== null && Object.values(last).some((value) => typeof value === 'number'))
            this.#tell({ report: { metrics: last as TrialReport['metrics'], checkpoint: null, asks: false } });
          return;
        }
        const options = merged(trees as unknown as Record<string, unknown>, config) as unknown as TreesTrainerOptions;
        const result = await new TreesTrainer(options).fit();
        this.#tell({ report: { metrics: {}, checkpoint: result.checkpoint, asks: false } });
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
