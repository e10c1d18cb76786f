export { blobPath, hasBlob } from './blob-store.js';
export { type ChildContext, enterChild } from './child.js';
export { connectEngine } from './client.js';
export { joinLocalCluster, type LocalCluster, type LocalClusterOptions, startLocalCluster } from './cluster.js';
export { type ClusterInfo, clusterIn, listLocalClusters } from './cluster-folder.js';
export {
  type BlobRef,
  type DeclaredResources,
  type Engine,
  type LogLine,
  type NodeInfo,
  type NodeResources,
  type ProcessInfo,
  type ProcessRole,
  type ProcessSpec,
  ProcessState,
  type StopOptions,
} from './engine.js';
export {
  AgentFailed,
  CannotListen,
  ClusterGone,
  ClusterStopping,
  NotAChild,
  PathTooLong,
  PortInUse,
  ProcessExited,
  ProcessStartTimeout,
  UnsafeFolder,
} from './errors.js';
export { describeExit, ExitCode, type ExitName, type ExitReport } from './exit-report.js';
