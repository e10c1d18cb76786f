import { Shard, type ShardInit, type TreesWorker } from './shard.js';

/** The workers of one training. */
export interface Workers extends AsyncDisposable {
  readonly count: number;
  start(shards: readonly ShardInit[]): Promise<readonly TreesWorker[]>;
}

/** One worker runs in this process. */
export function startWorkers(count: number): Workers {
  return {
    count,
    start: (shards) => Promise.resolve(shards.map((shard) => new Shard(shard))),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
