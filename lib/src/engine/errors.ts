import { defineError } from '../core/index.js';

export const ProcessExited = defineError('NBS_PROCESS_EXITED', 503, '{label} ended before it was ready ({exit}){stderr}');
export const ProcessStartTimeout = defineError(
  'NBS_PROCESS_START_TIMEOUT',
  504,
  '{label} was not ready after {timeoutMs} ms and was stopped; raise its start timeout if it needs longer{stderr}',
);
export const ClusterStopping = defineError(
  'NBS_CLUSTER_STOPPING',
  503,
  'the cluster is shutting down, so {label} is not started',
);
export const NodeLost = defineError('NBS_NODE_LOST', 503, 'node {node} is down; {label} does not run there');
export const CannotRename = defineError('NBS_CANNOT_RENAME', 409, 'process {id} cannot become {to}: {reason}');
export const PortInUse = defineError(
  'NBS_PORT_IN_USE',
  409,
  'port {port} on {host} is in use by {holder}; choose another port, or "auto" for the next free one',
);
export const CannotListen = defineError('NBS_CANNOT_LISTEN', 500, 'cannot listen on {host} port {port}: {reason}');
export const PathTooLong = defineError(
  'NBS_PATH_TOO_LONG',
  400,
  'the socket path {path} has {bytes} bytes, and a Unix socket allows {max}; set NBSERVE_HOME to a shorter folder',
);
export const AgentFailed = defineError(
  'NBS_AGENT_FAILED',
  500,
  'the node agent ended before the cluster was up ({exit}){stderr}',
);
export const ClusterGone = defineError(
  'NBS_CLUSTER_GONE',
  404,
  'no cluster of yours runs in {path}; `nbserve status` lists those on this machine',
);
export const DetachedRunning = defineError(
  'NBS_DETACHED_RUNNING',
  409,
  "a detached cluster of yours runs already, at {url} in {dir}; join it with serve.start({ address: 'auto' }), end it with `nbserve stop`, or start one more with `nbserve start --another`",
);
export const NotAChild = defineError(
  'NBS_NOT_A_CHILD',
  400,
  '{path} is a part of a cluster and is started by its node agent, not by hand; use "nbserve start" or serve.run',
);
export const OneMachine = defineError(
  'NBS_ONE_MACHINE',
  409,
  'this cluster takes no nodes of other machines; start it with the address at which they reach this one: nbserve start --machines <address>',
);
export const NodeExists = defineError(
  'NBS_NODE_EXISTS',
  409,
  'the cluster has a node {node} already; give the new one another name',
);
export const NotOfThisMachine = defineError(
  'NBS_NOT_OF_THIS_MACHINE',
  400,
  '{host} is not an address of this machine ({reason}); give the one at which the other machines reach it: --host <address>',
);
export const NotAdmitted = defineError(
  'NBS_NOT_ADMITTED',
  403,
  '{address} did not admit this node within {seconds} s; run nbserve node join again, and while it waits, on the head: nbserve node admit <the fingerprint that it shows> --name <name>',
);
export const NodeRefused = defineError(
  'NBS_NODE_REFUSED',
  409,
  '{address} does not take this node as {node} any more: another one has that name now, or it was away for too long; to join again, run nbserve node join again',
);
export const OtherCluster = defineError(
  'NBS_OTHER_CLUSTER',
  403,
  '{address} is not the head of the cluster with the pin {pin}; nothing was sent to it',
);
export const OtherAuthority = defineError(
  'NBS_OTHER_AUTHORITY',
  403,
  'the authority in {ca} has not the pin {pin}; ask for it again with nbserve node address',
);
export const ForeignHead = defineError(
  'NBS_FOREIGN_CERTIFICATE',
  403,
  'the certificate that {address} shows is not one of your cluster: {reason}; nothing was sent to it',
);
export const BadBlob = defineError(
  'NBS_BAD_BLOB',
  502,
  'the bytes that came for the blob {hash} are not those that its name says',
);
