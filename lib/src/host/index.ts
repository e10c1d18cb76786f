/** What a host of user code needs: the notebook kernel, and the command line. Not for notebooks. */

export {
  compileModule,
  type FolderRequire,
  importFrom,
  importModule,
  installStackMapping,
  mapStack,
  requireFrom,
  SourceRegistry,
  warm,
} from '../code/index.js';
export { defineError, type ErrorDefinition, fromWireError, type WireError } from '../core/index.js';
export {
  type ClusterInfo,
  clusterIn,
  detachedClusters,
  listLocalClusters,
  readClusterLogs,
  startDetachedCluster,
  stopCluster,
} from '../engine/index.js';
export { isApplication } from '../serve/application.js';
export { beginCanary } from '../serve/canary.js';
export { Client, setOwnerKey } from '../serve/client.js';
export { deleteApplication } from '../serve/delete.js';
export { formatStatus } from '../serve/format-status.js';
export { formatTraffic } from '../serve/format-traffic.js';
export { httpOf } from '../serve/http-options.js';
export { logsDelivered } from '../serve/log-barrier.js';
export { definingModule } from '../serve/modules/index.js';
export { declaredNodes } from '../serve/node-options.js';

export { endCluster, openCluster, runningCluster, startAhead } from '../serve/own-cluster.js';
export { setSourceRegistry } from '../serve/pack.js';
export type { ServeStatus } from '../serve/protocol/status.js';
export { runApplication } from '../serve/run.js';
export { spareReplicasOf } from '../serve/spare-options.js';
export { setTraffic, trafficOf } from '../serve/traffic.js';
export type { CanaryOptions, CanaryStatus, TrafficStatus } from '../serve/types.js';
