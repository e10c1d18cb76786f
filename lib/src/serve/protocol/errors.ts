import { defineError } from '../../core/index.js';

export const QueueFull = defineError(
  'NBS_QUEUE_FULL',
  503,
  '{deployment}: the queue is full ({queued} of {max} requests wait), {outcome}; try again later, or raise maxQueuedRequests or numReplicas',
);
export const NoReplica = defineError('NBS_NO_REPLICA', 503, '{deployment} has no running replica: {reason}');
export const ReplicaDied = defineError(
  'NBS_REPLICA_DIED',
  503,
  '{deployment}: replica {replica} died while it worked on this request; it was begun and {method} is not declared idempotent, so it was not run again',
);
export const ReplicaHung = defineError(
  'NBS_REPLICA_HUNG',
  504,
  '{deployment}: replica {replica} hung while it worked on this request and was ended; it was begun and {method} is not declared idempotent, so it was not run again',
);
/** The status went out before, so an HTTP client sees a broken connection instead. */
export const AnswerBroken = defineError(
  'NBS_ANSWER_BROKEN',
  503,
  '{deployment}: replica {replica} died in the middle of its answer',
);
export const BodyNotReplayable = defineError(
  'NBS_BODY_NOT_REPLAYABLE',
  503,
  '{deployment}: replica {replica} went away after part of a request body of over {limit} bytes was sent; it cannot be sent again',
);
export const RequestTimeout = defineError(
  'NBS_REQUEST_TIMEOUT',
  504,
  '{deployment}: no answer within {timeoutMs} ms, {deadline}',
);
/** Whose deadline it is where no other one is nearer. */
export const requestTimeoutOf = (deployment: string): string => `the requestTimeout of ${deployment}`;
export const RequestCancelled = defineError('NBS_REQUEST_CANCELLED', 499, '{deployment}: the request was cancelled: {reason}');
export const NoRoute = defineError('NBS_NO_ROUTE', 404, 'no application at {path}; routes: {routes}');
export const AppStarting = defineError(
  'NBS_APP_STARTING',
  503,
  'the application at {path} is being started for the first time; try again in a moment',
);
export const HttpNotServed = defineError(
  'NBS_HTTP_NOT_SERVED',
  405,
  '{deployment} has no fetch(request) method, so it answers no HTTP; add one, or call it by handle',
);
export const NoSuchMethod = defineError('NBS_NO_SUCH_METHOD', 400, '{deployment} has no method {method}; it has: {methods}');
export const NoSuchDeployment = defineError('NBS_NO_SUCH_DEPLOYMENT', 404, 'no deployment {deployment} runs; running: {running}');
export const NoSuchApp = defineError('NBS_NO_SUCH_APP', 404, 'no application {app} runs; running: {running}');
export const RouteTaken = defineError(
  'NBS_ROUTE_TAKEN',
  409,
  "route prefix {prefix} is in use by application {app}; choose another routePrefix, or delete it with serve.delete('{app}')",
);
export const DeployFailed = defineError(
  'NBS_DEPLOY_FAILED',
  500,
  'application {app}: deployment {deployment} could not be started: {reason}',
);
/** Not thrown: shown in the status, and as the reason of NBS_NO_REPLICA. */
export const ReplicaFailed = defineError('NBS_REPLICA_FAILED', 503, 'application {app}: deployment {deployment}: {reason}');
export const Superseded = defineError(
  'NBS_SUPERSEDED',
  409,
  'application {app}: this version was given up before it ran, because a newer request came: {newer}',
);
export const HostRefused = defineError('NBS_HOST_REFUSED', 403, 'host {host} is not served here; served: {valid}');
export const BadTarget = defineError(
  'NBS_BAD_TARGET',
  400,
  'the request target {target} is neither a path nor a URL; send a path such as /chat',
);
export const BadTimeout = defineError(
  'NBS_BAD_TIMEOUT',
  400,
  'the header x-request-timeout-seconds is {value}; send a number of seconds above 0, such as 2.5',
);
export const BadAnswer = defineError('NBS_BAD_ANSWER', 502, 'the answer of the deployment cannot be sent over HTTP: {reason}');
export const RequestTooSlow = defineError(
  'NBS_REQUEST_TOO_SLOW',
  408,
  'nothing of the request body came for {idleMs} ms; send it without a pause of that length',
);
export const OriginRefused = defineError('NBS_ORIGIN_REFUSED', 403, 'origin {origin} may not call this server; allowed: {valid}');
/** Not for users: a replica's answer to a request that it does not take; the router tries elsewhere. */
export const ReplicaBusy = defineError('NBS_REPLICA_BUSY', 503, 'replica {replica} works on {ongoing} requests already');
export const ReplicaDraining = defineError('NBS_REPLICA_DRAINING', 503, 'replica {replica} takes no new requests');
