import { type ActorPool, hasDied, ownCode, startPool, type Worker } from '../actors/index.js';
import { hasCode, isNbserveError } from '../core/index.js';
import { WorkerLost } from './errors.js';
import { Shard, type ShardInit, type TreesWorker } from './shard.js';

/** The workers of one training. */
export interface Workers extends AsyncDisposable {
  readonly count: number;
  /** @throws NBS_DEPLOY_FAILED, NBS_NEVER_FITS */
  start(shards: readonly ShardInit[]): Promise<readonly TreesWorker[]>;
}

/** Whether the process of a worker has ended. */
export const isDeath = (error: unknown): boolean =>
  hasDied(error) || hasCode(error, WorkerLost) || (isNbserveError(error) && error.code === 'NBS_WORKER_DEAD');

/** One worker runs in this process; of several, each has a process of its own. */
export function startWorkers(count: number): Workers {
  let pool: ActorPool | undefined;
  return {
    count,
    start: async (shards) => {
      if (shards.length === 1) return shards.map((shard) => new Shard(shard));
      const wrapper = new URL('./shard-worker.js', import.meta.url).href;
      const args = shards.map((shard) => [compact(shard)]);
      // Those of an attempt that failed.
      await pool?.close();
      pool = await startPool(ownCode('trees'), { kind: 'trees', args, wrapper, restart: false });
      return pool.workers.map(remote);
    },
    [Symbol.asyncDispose]: async () => pool?.close(),
  };
}

/** Without the rows of the other workers, which share the memory. */
const compact = (shard: ShardInit): ShardInit => ({
  ...shard,
  bins: shard.bins.slice(),
  labels: shard.labels.slice(),
  margins: shard.margins?.slice(),
});

function remote(worker: Worker): TreesWorker {
  const ask = <T>(method: keyof TreesWorker, ...args: unknown[]) => worker.call(method, args) as Promise<T>;
  return {
    state: () => ask('state'),
    root: (tree, gradientUnit) => ask('root', tree, gradientUnit),
    split: (decisions) => ask('split', decisions),
    finish: (leaves) => ask('finish', leaves),
    predictions: (trees) => ask('predictions', trees),
  };
}
