import { defineError } from '../../core/index.js';

export const QueueFull = defineError(
  'NBS_QUEUE_FULL',
  503,
  '{deployment}: the queue is full ({queued} of {max} requests wait), {outcome}; try again later, or raise maxQueuedRequests or numReplicas',
);
export const NoReplica = defineError('NBS_NO_REPLICA', 503, '{deployment} has no running replica: {reason}');
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
export const NoSuchDeployment = defineError('NBS_NO_SUCH_DEPLOYMENT', 404, 'no deployment {deployment} runs; running: {running}');
export const HostRefused = defineError(
  'NBS_HOST_REFUSED',
  403,
  'host {host} is not served here; whoever runs this server can allow it with allowedHosts or --allow-host',
);
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
  'no part of the request body arrived for {idleMs} ms; send the body without a pause of that length',
);
export const OriginRefused = defineError(
  'NBS_ORIGIN_REFUSED',
  403,
  'origin {origin} may not call this server; whoever runs it can allow that with allowedOrigins or --allow-origin, and who was sent here by a link can type the address instead',
);
/** Not for users: a replica's answer to a request that it does not take; the router tries elsewhere. */
export const ReplicaBusy = defineError('NBS_REPLICA_BUSY', 503, 'replica {replica} works on {ongoing} requests already');
export const ReplicaDraining = defineError('NBS_REPLICA_DRAINING', 503, 'replica {replica} takes no new requests');
