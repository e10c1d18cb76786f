export {
  type AnswerHead,
  type GrpcCallHead,
  type HttpCallHead,
  type KeptAnswer,
  type KeptCallHead,
  type MethodCallHead,
  type PassedAnswer,
  REQUEST_KINDS,
  type RequestHead,
} from './call-head.js';
export { blobsOf } from './code-blobs.js';
export type {
  Allocation,
  AutoscalingConfig,
  HedgingConfig,
  NpmPackages,
  ReplicaAmount,
  ReplicaEnv,
  Resources,
  RollingUpdate,
  RuntimeEnv,
} from './config.js';
export { type AppSpec, type ControllerOps, type DeploymentSpec, PUT_BLOB_PREFIX, putBlobOp } from './controller.js';
export {
  AnswerLost,
  AppStarting,
  HttpNotServed,
  LocalPortSet,
  NoReplica,
  NoRpcMethod,
  NoSuchDeployment,
  OverMemoryLimit,
  QueueFull,
  ReplicaBusy,
  ReplicaDraining,
  RouteTaken,
  Superseded,
} from './errors.js';
export { demandFault, modelsFault, readyFault, snapshotFault, trafficFault } from './faults.js';
export type { GrpcCall } from './grpc-call.js';
export { affinityKeyOf, headersFault, headerText, modelIdOf } from './headers.js';
export {
  addLatencies,
  type LatencyCounts,
  latencyBucket,
  latencyQuantile,
} from './latency-histogram.js';
export { AUTO_REPLICAS, AUTOSCALING_OPTIONS, autoscalingConfig } from './options/autoscaling.js';
export { DEPLOYMENT_OPTIONS } from './options/deployment.js';
export { configFields, type DeploymentConfig, partOf, type RoutedConfig } from './options/deployment-config.js';
export { HEDGING_OPTIONS } from './options/hedging.js';
export { isRegistryPackage } from './options/npm-packages.js';
export { parseResources, RESOURCE_OPTIONS } from './options/resources.js';
export { ROLLING_UPDATE_OPTIONS } from './options/rolling-update.js';
export type { AutoscalingMetrics, AutoscalingPolicy } from './policy.js';
export type { ReplicaArgs, ReplicaInit, ReplicaOps, ReplicaReady, ReplicaStatus, Surroundings } from './replica.js';
export { DEMAND_TOPIC, type Demand, type DemandReport, type RouterOps } from './router.js';
export {
  type DeploymentKey,
  type DeploymentRoute,
  deploymentKey,
  type HandleRef,
  type ReplicaRoute,
  type RisingRoute,
  ROUTES_TOPIC,
  type Route,
  type RouteAutoscaling,
  type RouteMirror,
  type RouteSnapshot,
  type RouteSplit,
  type SplitArm,
  scopedDeploymentKey,
} from './routes.js';
export {
  type ApplicationStatus,
  AppState,
  DeploymentState,
  type DeploymentStatus,
  type FailureStatus,
  type GpuStatus,
  type ModelStatus,
  type NodeStatus,
  ReplicaState,
  type ReplicaStatusEntry,
  type ServeStatus,
} from './status.js';
export {
  type CanaryRules,
  type CanarySpec,
  type MirrorTally,
  type RuleTally,
  type Tally,
  TRAFFIC_TOPIC,
  type TrafficReport,
  type TrafficSpec,
} from './traffic.js';
export {
  CanaryState,
  type CanaryStatus,
  type MirrorTraffic,
  type StickyBy,
  type TrafficStatus,
  type VersionTraffic,
} from './traffic-status.js';
