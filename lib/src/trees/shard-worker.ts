import { Shard } from './shard.js';

/** What a worker of a training of trees runs: the rows that it got, and nothing of the user's. */
export const wrap = (): typeof Shard => Shard;
