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
export {
  beginCanary,
  type CanaryOptions,
  type CanaryStatus,
  Client,
  declaredNodes,
  deleteApplication,
  endCluster,
  formatStatus,
  formatTraffic,
  httpOf,
  isApplication,
  logsDelivered,
  noteModule,
  openCluster,
  runApplication,
  runningCluster,
  type ServeStatus,
  setOwnerKey,
  setSourceRegistry,
  setTraffic,
  spareReplicasOf,
  startAhead,
  type TrafficStatus,
  trafficOf,
} from '../serve/host.js';
