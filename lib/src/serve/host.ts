/** A second door of this room for programs that host user code: the notebook kernel and the command line. */

export { checkAppName, checkRoutePrefix, isApplication } from './application.js';
export { beginCanary } from './canary.js';
export { Client, setOwnerKey, setOwnerName, setOwnLinesContext } from './client.js';
export { clustersNamed, noClusterNamed } from './cluster-address.js';
export { type DebuggedReplica, debugReplicas } from './debug-replicas.js';
export { formatStatus } from './format-status.js';
export { formatTraffic } from './format-traffic.js';
export { GRPC_OPTIONS } from './grpc-options.js';
export { type Callers, interruption, setCallers } from './handle/index.js';
export { httpOf } from './http-options.js';
export { logsDelivered } from './log-barrier.js';
export { inertChange, noteModule } from './modules/index.js';
export { declaredNodes, engineOf, machinesOf } from './node-options.js';
export { setNoticePrinter } from './notice.js';
export { endCluster, openCluster, runningCluster, startAhead } from './own-cluster.js';
export { OwnCode } from './own-code.js';
export { setSourceRegistry } from './pack.js';
export type { ServeStatus } from './protocol/status.js';
export { setTypeSource, type TypeSource } from './route-types.js';
export {
  type Declared,
  deleteApplication,
  deployPrepared,
  expectApplication,
  noSuchApplication,
  type PreparedApp,
  prepareDeclared,
  runApplication,
  uploadPrepared,
} from './run.js';
export { startDetached } from './start-cluster.js';
export { START_OPTIONS, spareReplicasOf } from './start-options.js';
export { setTraffic, trafficOf } from './traffic.js';
export type { CanaryOptions, CanaryStatus, TrafficStatus } from './types.js';
export { noteWorkerCode, type Target, WorkerApp, type WorkerCode } from './workers.js';
