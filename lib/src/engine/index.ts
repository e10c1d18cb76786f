export type { BlockLimit } from './block-limit.js';
export { callerMark } from './caller-mark.js';
export { type ChildContext, enterChild } from './child.js';
export {
  type DetachedOptions,
  joinLocalCluster,
  type LocalCluster,
  type LocalClusterOptions,
  startDetachedCluster,
  startLocalCluster,
} from './cluster.js';
export {
  type ClusterInfo,
  clusterIn,
  clustersHome,
  dashboardUrl,
  detachedClusters,
  listLocalClusters,
  processName,
} from './cluster-folder.js';
export { readClusterLogs, stopCluster } from './cluster-logs.js';
export type { DebugDoor } from './debug-server.js';
export {
  type AdmittedNode,
  type Blocked,
  type ClusterEntries,
  type DeclaredNode,
  type DeclaredResources,
  type Engine,
  type GrpcAddress,
  type HttpOptions,
  type LogLine,
  type MachineOptions,
  type NodeChange,
  type NodeInfo,
  type ProcessInfo,
  type ProcessSpec,
  ProcessState,
  type ProxyLocation,
} from './engine.js';
export { connectEngine } from './engine-connection.js';
export {
  CannotRename,
  ClusterGone,
  DetachedRunning,
  NodeLost,
  PathTooLong,
  PortInUse,
  ProcessExited,
  ProcessStartTimeout,
} from './errors.js';
export { describeExit, ExitCode, type ExitReport, endedWithNode } from './exit-report.js';
export { admitNode, joinAddressOf, startNode } from './machines.js';
