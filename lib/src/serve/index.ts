export type { Batch, BatchDecorator, BatchOptions } from './batching/types.js';
export type { ReplicaContext } from './context/types.js';
export type { GraphMethod, GraphNode } from './graph/types.js';
export type {
  DeploymentHandle,
  DeploymentResponse,
  DeploymentResponseGenerator,
  HandleOptions,
} from './handle/types.js';
export type { MultiplexedDecorator, MultiplexedOptions } from './multiplexing/types.js';
export type { GrpcCall } from './protocol/grpc-call.js';
export type {
  ApplicationStatus,
  DeploymentStatus,
  FailureStatus,
  GpuStatus,
  ModelStatus,
  NodeAmounts,
  NodeStatus,
  ReplicaStatusEntry,
  ServeStatus,
} from './protocol/status.js';
export type {
  CanaryStatus,
  MirrorTraffic,
  StickyBy,
  TrafficStatus,
  VersionTraffic,
} from './protocol/traffic-status.js';
export { serve } from './public-serve.js';
export type { ServeRequest } from './request-global.js';
export type { Serve } from './serve.js';
export type {
  Application,
  AutoscalingMetrics,
  AutoscalingOptions,
  AutoscalingPolicy,
  BindArg,
  BindArgs,
  Canary,
  CanaryOptions,
  Deployment,
  DeploymentListing,
  DeploymentOptions,
  FunctionDeployment,
  GraphApplication,
  GraphOptions,
  GrpcOptions,
  HedgingOptions,
  MachineCertificates,
  NodeOptions,
  ResourceOptions,
  RollingUpdateOptions,
  RunOptions,
  RuntimeEnvOptions,
  StartOptions,
  TrafficOptions,
} from './types.js';
