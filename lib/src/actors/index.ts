/** Pools of workers, for data, training and searches: processes that each run an instance of a user's class, or a user's function. */
export { interruption } from '../serve/host.js';
export { ownCode, pauseInWorker, shipped, startPool } from './pool.js';
export { type PoolNeeds, type Room, roomFor } from './room.js';
export type { ActorPool, CallOptions, PoolOptions, ShippedCode, Worker, WorkerTarget } from './types.js';
export { hasDied } from './worker.js';
