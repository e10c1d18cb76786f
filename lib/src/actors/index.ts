/** Pools of workers, for data, training and searches: processes that each run an instance of a user's class, or a user's function. */
export { hasDied } from './errors.js';
export { interruption, ownCode, pauseInWorker, shipped, startPool } from './pool.js';
export { type PoolNeeds, type Room, roomFor } from './room.js';
export type { ActorPool, CallOptions, PoolOptions, ShippedCode, Worker, WorkerTarget } from './types.js';
