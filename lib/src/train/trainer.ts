import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  type ActorPool,
  hasDied,
  type PoolNeeds,
  roomFor,
  type ShippedCode,
  shipped,
  startPool,
  type Worker,
} from '../actors/index.js';
import { hasCode, InvalidOption, isNbserveError } from '../core/index.js';
import { currentSession, resultFolder, type Session, type TrainCheckpoint } from '../session/index.js';
import { checkpointsOf } from './checkpoint.js';
import { PeerLost, TrainingFailed, UnevenReports, WorkerLost } from './errors.js';
import { parseRun, parseScaling, type RunConfig, type ScalingConfig } from './options.js';
import type { Assignment, Report } from './train-worker.js';

/** Options of {@link Trainer}; the names are those of Ray's `TorchTrainer`. */
export interface TrainerOptions<C = undefined> {
  /** The training. Each worker calls it once, in a process of its own. */
  readonly trainLoopPerWorker: (config: C) => unknown;
  /** The argument of that function. It is sent as a structured clone. */
  readonly trainLoopConfig?: C;
  /** How many workers train, and what each may use. @default one worker */
  readonly scalingConfig?: ScalingConfig;
  /** The folder for the result, and what happens to failures. */
  readonly runConfig?: RunConfig;
  /** A checkpoint from which the training goes on: `train.getCheckpoint()` gives it to the function. With null, it begins anew. A trial of a search that begins again goes on from its own. */
  readonly resumeFromCheckpoint?: TrainCheckpoint | null;
}

type Metrics = Readonly<Record<string, number>>;

/** What a training gives. */
export interface TrainResult {
  /** The last metrics that worker 0 reported. */
  readonly metrics: Metrics;
  /** All of them, in order. */
  readonly metricsHistory: readonly Metrics[];
  /** The last checkpoint; null if none was reported. */
  readonly checkpoint: TrainCheckpoint | null;
  /** The folder of the result. */
  readonly path: string;
  /** How often workers were started again. */
  readonly restarts: number;
  /** How many workers there were at the end. */
  readonly numWorkers: number;
}

const WORKER = new URL('./train-worker.js', import.meta.url).href;

/** Trains in several processes that exchange their gradients, so that they work as one with larger batches. */
export class Trainer<C = undefined> {
  readonly options: TrainerOptions<C>;
  readonly #code: ShippedCode;

  /**
   * In a module file, make it at the top level: a worker runs the module again to find the function.
   * @param code only for {@link with}
   * @throws NBS_INVALID_OPTION, NBS_UNKNOWN_OPTION, NBS_NOT_A_WORKER
   */
  constructor(options: TrainerOptions<C>, code?: ShippedCode) {
    for (const option of Object.keys(options)) {
      if (!KNOWN.has(option))
        throw InvalidOption({ where: 'Trainer', option, expected: `one of ${[...KNOWN].join(', ')}`, value: 'another one' });
    }
    parseScaling(options.scalingConfig ?? {});
    parseRun(options.runConfig ?? {});
    this.#code = code ?? shipped('trainLoopPerWorker', options.trainLoopPerWorker);
    this.options = options;
  }

  /** How many workers it wants, and what each reserves. */
  get scaling(): { readonly numWorkers: number; readonly minWorkers: number; readonly resources: PoolNeeds['resources'] } {
    return parseScaling(this.options.scalingConfig ?? {});
  }

  /** The same training with other options, e.g. another `trainLoopConfig`. @throws NBS_INVALID_OPTION, NBS_UNKNOWN_OPTION */
  with(options: Partial<Omit<TrainerOptions<C>, 'trainLoopPerWorker'>>): Trainer<C> {
    return new Trainer({ ...this.options, ...options }, this.#code);
  }

  /**
   * Trains. Resolves when every worker's function has returned.
   * @throws the function's own error; NBS_TRAIN_FAILED if workers died too often, NBS_POOL_NO_ROOM, NBS_CANNOT_SHIP
   */
  async fit(): Promise<TrainResult> {
    const run = parseRun(this.options.runConfig ?? {});
    const session = currentSession() ?? null;
    const folder = session?.folder ?? resultFolder('train', run.storagePath, run.name);
    await mkdir(folder, { recursive: true });
    // What a trial of a search has reached itself comes after the checkpoint from which it began.
    const progress = new Progress(folder, run, session, session?.checkpoint ?? this.options.resumeFromCheckpoint ?? null);
    for (let restarts = 0; ; restarts += 1) {
      await using pool = await this.#start();
      const numWorkers = pool.workers.length;
      try {
        await this.#attempt(pool, progress);
        const { history, checkpoint } = progress;
        return { metrics: history.at(-1) ?? {}, metricsHistory: history, checkpoint, path: folder, restarts, numWorkers };
      } catch (error) {
        if (!isDeath(error)) throw error;
        const name = basename(folder);
        if (restarts >= run.maxFailures) throw TrainingFailed({ name, restarts, reason: (error as Error).message }, error);
        console.warn(`${name}: a worker died; going on from ${progress.checkpoint?.path ?? 'the beginning'}`);
        progress.goBack();
      }
    }
  }

  /** Starts as many workers as there is room for, within the limits. If others use the room for the fewest, it waits for them. */
  async #start(): Promise<ActorPool> {
    const { numWorkers, minWorkers, resources } = this.scaling;
    const { free } = await roomFor(resources);
    const count = Math.min(numWorkers, Math.max(minWorkers, free));
    const args = Array.from({ length: count }, () => []);
    return startPool(this.#code, { kind: 'train', args, wrapper: WORKER, restart: false, resources });
  }

  async #attempt({ workers }: ActorPool, progress: Progress): Promise<void> {
    // The path of a socket must be short, and that of the result may be long.
    const sockets = await mkdtemp(join(tmpdir(), 'nbst-'));
    try {
      const nextCheckpoint = await progress.nextNumber();
      const assignment = (rank: number): Assignment => ({
        rank,
        workers: workers.length,
        name: basename(progress.folder),
        folder: progress.folder,
        sockets,
        checkpoint: progress.checkpoint,
        nextCheckpoint,
      });
      await Promise.all(workers.map((worker, rank) => worker.call('listen', [assignment(rank)])));
      await Promise.all(workers.map((worker) => worker.call('connect', [])));
      await rm(sockets, { recursive: true, force: true });
      await this.#collect(workers, progress);
    } finally {
      await rm(sockets, { recursive: true, force: true });
    }
  }

  /** Takes a report from every worker, then lets all go on. */
  async #collect(workers: readonly Worker[], progress: Progress): Promise<void> {
    const streams = workers.map((worker) =>
      (worker.stream('run', [this.options.trainLoopConfig]) as AsyncIterable<Report>)[Symbol.asyncIterator](),
    );
    for (;;) {
      const items = await nextOf(workers, streams);
      const over = items.findIndex(({ done }) => done === true);
      if (over >= 0) {
        if (items.every(({ done }) => done === true)) return;
        throw UnevenReports({ rank: over });
      }
      const goOn = await progress.take(items[0]?.value as Report);
      await Promise.all(workers.map((worker) => worker.call('resume', [goOn])));
    }
  }
}

const KNOWN = new Set<string>([
  'trainLoopPerWorker',
  'trainLoopConfig',
  'scalingConfig',
  'runConfig',
  'resumeFromCheckpoint',
] satisfies (keyof TrainerOptions)[]);

/** What a training has reached, over all of its restarts. */
class Progress {
  readonly history: Metrics[] = [];
  checkpoint: TrainCheckpoint | null;
  /** How many reports there were when the last checkpoint was written. */
  #reached = 0;
  readonly #run: ReturnType<typeof parseRun>;
  readonly #session: Session | null;

  constructor(
    readonly folder: string,
    run: ReturnType<typeof parseRun>,
    session: Session | null,
    start: TrainCheckpoint | null,
  ) {
    this.#run = run;
    this.#session = session;
    this.checkpoint = start;
  }

  async take({ metrics, checkpoint }: Report): Promise<boolean> {
    this.history.push(metrics);
    if (checkpoint !== null) {
      this.checkpoint = checkpoint;
      this.#reached = this.history.length;
      await this.#removeOld();
    }
    this.#run.onReport?.(metrics, this.history);
    return (await this.#session?.report(metrics, checkpoint ?? undefined)) ?? true;
  }

  /** Forgets what was reported after the last checkpoint: it will be reported again. */
  goBack(): void {
    this.history.length = this.#reached;
    this.#session?.goBack?.();
  }

  /** The number of the next checkpoint. Those of an earlier training in the same folder stay. */
  async nextNumber(): Promise<number> {
    const last = (await checkpointsOf(this.folder)).at(-1);
    return last === undefined ? 0 : Number(last.slice(last.lastIndexOf('_') + 1)) + 1;
  }

  async #removeOld(): Promise<void> {
    if (!Number.isFinite(this.#run.numToKeep)) return;
    const all = await checkpointsOf(this.folder);
    // Reports that nobody awaits may have kept newer ones already.
    const taken = all.slice(0, all.indexOf(basename(this.checkpoint?.path ?? '')) + 1);
    const old = taken.slice(0, -this.#run.numToKeep);
    for (const name of old) await rm(join(this.folder, name), { recursive: true, force: true });
  }
}

const isDeath = (error: unknown): boolean =>
  hasDied(error) || hasCode(error, PeerLost) || hasCode(error, WorkerLost) || isDead(error);
const isDead = (error: unknown): boolean => isNbserveError(error) && error.code === 'NBS_WORKER_DEAD';

/** How long a worker may take longer than another one, before it is asked whether it waits for that one. */
const PATIENCE_MS = 1000;

/** What every worker reports next. @throws NBS_TRAIN_UNEVEN_REPORTS if one waits for another that waits in a report, or has ended */
async function nextOf(workers: readonly Worker[], streams: readonly AsyncIterator<Report>[]): Promise<IteratorResult<Report>[]> {
  const items: (IteratorResult<Report> | undefined)[] = streams.map(() => undefined);
  const reasons: unknown[] = [];
  const all = allOrCause(
    streams.map(async (stream, rank) => {
      try {
        const item = await stream.next();
        items[rank] = item;
        return item;
      } catch (error) {
        reasons.push(error);
        throw error;
      }
    }),
  );
  const isOver = all.then(
    () => true,
    () => true,
  );
  while (!(await Promise.race([isOver, delay(PATIENCE_MS, false, { ref: false })]))) {
    const waiting = items.findIndex((item) => item?.done === false);
    if (waiting < 0) continue;
    const found = await Promise.race([isOver, exchangesOf(workers)]);
    // A worker that waits in a report begins no exchange, so nobody answers the one that is ahead of it.
    const isAhead = (count: unknown, rank: number): boolean =>
      items[rank] === undefined && (count as number) > ((found as number[])[waiting] as number);
    if (Array.isArray(found) && found.some(isAhead)) throw UnevenReports({ rank: waiting });
  }
  if (reasons.length > 0 && reasons.every((reason) => hasCode(reason, PeerLost))) {
    // Nobody has died: others wait for a worker whose loop has returned, or has failed behind a report.
    const ended = items.findIndex((item) => item?.done === true);
    if (ended >= 0) throw UnevenReports({ rank: ended });
    await exchangesOf(workers);
  }
  return all;
}

/** How often each worker has exchanged numbers; null if one has died. @throws what a loop has thrown, also if reports before that are not taken yet */
async function exchangesOf(workers: readonly Worker[]): Promise<readonly number[] | null> {
  const counts: number[] = [];
  for (const each of await Promise.allSettled(workers.map((worker) => worker.call('exchanges', [])))) {
    if (each.status === 'fulfilled') counts.push(each.value as number);
    else if (!isDeath(each.reason)) throw each.reason;
  }
  return counts.length === workers.length ? counts : null;
}

/** How long to wait for the cause, when a worker has noticed that another one has ended. */
const CAUSE_MS = 5000;

/**
 * Returns all results. If one promise fails, this rejects with its error. If that error only says that another worker has ended, it waits shortly for the
 * error of that worker.
 */
async function allOrCause<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  try {
    return await Promise.all(promises);
  } catch (error) {
    if (!isDeath(error)) throw error;
    const patience = new Promise<null>((resolve) => setTimeout(resolve, CAUSE_MS, null).unref());
    const settled = await Promise.race([Promise.allSettled(promises), patience]);
    const cause = settled?.find((each): each is PromiseRejectedResult => each.status === 'rejected' && !isDeath(each.reason));
    throw cause?.reason ?? error;
  }
}
