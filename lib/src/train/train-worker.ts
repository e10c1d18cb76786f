import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { ReportQueue, runInSession, type TrainCheckpoint, TrialStopped } from '../session/index.js';
import { keepCheckpoint } from './checkpoint.js';
import { OtherMachine, WorkerLost } from './errors.js';
import { Ring } from './ring.js';
import { setPlace } from './worker-context.js';

/** What a worker receives before it begins. */
export interface Assignment {
  readonly rank: number;
  readonly workers: number;
  readonly name: string;
  /** Folder of the result. */
  readonly folder: string;
  /** Folder of the sockets of the ring. */
  readonly sockets: string;
  readonly checkpoint: TrainCheckpoint | null;
  /** The number of the first checkpoint that it writes. */
  readonly nextCheckpoint: number;
}

/** One call of `train.report`. */
export interface Report {
  readonly metrics: Readonly<Record<string, number>>;
  readonly checkpoint: TrainCheckpoint | null;
}

/** What the program calls in a worker's process. */
interface TrainWorker {
  listen(assignment: Assignment): Promise<void>;
  connect(): Promise<void>;
  run(config: unknown): AsyncGenerator<Report>;
  resume(shouldGoOn: boolean): void;
  exchanges(): number;
}

/** Makes the class that a worker's process runs from the user's `trainLoopPerWorker`. */
export function wrap(loop: (config: unknown) => unknown): new () => TrainWorker {
  return class {
    #ring: Ring | undefined;
    #assignment: Assignment | undefined;
    readonly #reports = new ReportQueue<Report>();
    #exchanges = 0;
    /** For each report that is being made, how many exchanges there were before it. */
    readonly #before: number[] = [];
    #failure: { readonly error: unknown } | undefined;

    async listen(assignment: Assignment): Promise<void> {
      const { rank, folder } = assignment;
      // The program has made it.
      if (!existsSync(folder)) throw OtherMachine({ rank, host: hostname(), path: folder });
      this.#assignment = assignment;
      this.#ring = await Ring.listen(assignment.rank, assignment.workers, assignment.sockets);
    }

    async connect(): Promise<void> {
      await this.#ring?.connect();
    }

    /** Runs the loop, and yields what it reports. A loop that awaits its report goes on when {@link resume} was called. */
    async *run(config: unknown): AsyncGenerator<Report> {
      const ring = this.#ring;
      // A process that died before this call has been replaced by a new one, which knows nothing.
      if (ring === undefined || this.#assignment === undefined) throw WorkerLost({});
      const { rank, workers, name, folder, checkpoint, nextCheckpoint } = this.#assignment;
      let next = nextCheckpoint;
      const counted = (exchange: (values: Float32Array) => Promise<void>) => (values: Float32Array) => {
        this.#exchanges += 1;
        return exchange(values);
      };
      setPlace({
        rank,
        workers,
        name,
        mean: counted((values) => ring.mean(values)),
        spread: counted((values) => ring.spread(values)),
      });
      const session = {
        folder,
        checkpoint,
        report: (metrics: Report['metrics'], given?: TrainCheckpoint) => {
          const own = { ...metrics };
          this.#before.push(this.#exchanges);
          return this.#reports.ask(async () => {
            try {
              const kept = given !== undefined && rank === 0 ? await keepCheckpoint(given, folder, next++) : null;
              return { metrics: own, checkpoint: kept };
            } finally {
              this.#before.shift();
            }
          });
        },
      };
      try {
        yield* this.#reports.during(() =>
          runInSession(session, async () => {
            try {
              await loop(config);
            } catch (error) {
              // A search has ended the training, and the loop used `tune.report`: it ends as one that returns.
              if (error instanceof TrialStopped) return;
              this.#failure = { error };
              throw error;
            }
          }),
        );
      } finally {
        ring.close();
      }
    }

    /** Answers the oldest report. @param shouldGoOn false if a search has stopped the training */
    resume(shouldGoOn: boolean): void {
      this.#reports.answer(shouldGoOn);
    }

    /**
     * How often numbers were exchanged with the other workers, with the exchange that goes on now, before the first report that has not arrived yet.
     * @throws what the loop has thrown: {@link run} throws it only when the reports before it are taken, for which others may wait
     */
    exchanges(): number {
      if (this.#failure !== undefined) throw this.#failure.error;
      return this.#before[0] ?? this.#exchanges;
    }
  };
}
