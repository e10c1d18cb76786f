import { defineError } from '../../core/index.js';

export const QueueFull = defineError(
  'NBS_QUEUE_FULL',
  503,
  '{deployment}: the queue is full ({queued} of {max} requests wait), {outcome}; try again later, or raise maxQueuedRequests or numReplicas',
);
export const NoReplica = defineError('NBS_NO_REPLICA', 503, '{deployment} has no running replica: {reason}');
export const AppStarting = defineError(
  'NBS_APP_STARTING',
  503,
  'the application {which} is being started for the first time; try again in a moment',
);
export const HttpNotServed = defineError(
  'NBS_HTTP_NOT_SERVED',
  405,
  '{deployment} has no fetch(request) method, so it answers no HTTP; add one, or call it by handle',
);
export const NoRpcMethod = defineError('NBS_NO_RPC_METHOD', 501, 'the application has no method {method}, which {rpc} calls');
export const NoSuchDeployment = defineError('NBS_NO_SUCH_DEPLOYMENT', 404, 'no deployment {deployment} runs; running: {running}');
/** Not for users. A replica gives this answer to a request that it cannot take, and the router tries another replica. */
export const ReplicaBusy = defineError('NBS_REPLICA_BUSY', 503, 'replica {replica} works on {ongoing} requests already');
export const ReplicaDraining = defineError('NBS_REPLICA_DRAINING', 503, 'replica {replica} takes no new requests');
/** A replica answers its health check with it. Callers do not see it, and the status shows it. */
export const OverMemoryLimit = defineError(
  'NBS_OVER_MEMORY_LIMIT',
  503,
  'the process has {used} of memory, and memoryLimit of {deployment} is {limit}; if it needs that much, raise the limit',
);
export const AnswerLost = defineError(
  'NBS_ANSWER_LOST',
  503,
  '{deployment}: replica {replica} kept the answer for another call and no longer has it: {reason}',
);
export const LocalPortSet = defineError(
  'NBS_LOCAL_PORT_SET',
  409,
  'serve.run: applications of this process already answer at {url}, so local.port cannot be {port}; leave out port, or call serve.shutdown() first',
);
export const Superseded = defineError(
  'NBS_SUPERSEDED',
  409,
  'application {app}: this version was discarded before it ran, because a newer request came: {newer}',
);
export const RouteTaken = defineError(
  'NBS_ROUTE_TAKEN',
  409,
  "route prefix {prefix} is in use by application {app}; choose another routePrefix, or delete it with serve.delete('{app}')",
);
