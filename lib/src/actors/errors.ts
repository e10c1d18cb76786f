import { defineError, hasCode } from '../core/index.js';

export const WorkerDied = defineError(
  'NBS_WORKER_DIED',
  503,
  '{worker}: its process died while it ran {method}; look at its last output for the reason, such as a lack of memory',
);
export const WorkerDead = defineError('NBS_WORKER_DEAD', 410, '{worker} takes no calls any more: {reason}');
export const NoWorker = defineError('NBS_NO_WORKER', 503, 'the pool {pool} has no worker: {reason}');
export const PoolNoRoom = defineError(
  'NBS_POOL_NO_ROOM',
  503,
  'the pool {pool} needs {workers} with {needs} each{beside}, and the cluster has room for {room}: {nodes}; ask for fewer workers or for less in the resources of each, or start a cluster that has more: numGpus, resources or nodes of serve.start(…)',
);
export const NotAWorkerTarget = defineError('NBS_NOT_A_WORKER', 400, '{what} takes a class or a function, got {value}');

/** Whether an error says that the worker's process ended during the call. */
export const hasDied = (error: unknown): boolean => hasCode(error, WorkerDied);
