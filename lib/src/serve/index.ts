export type {
  DeploymentHandle,
  DeploymentResponse,
  DeploymentResponseGenerator,
  HandleOptions,
} from './handle/types.js';
export { serve } from './local-serve.js';
export type { ApplicationStatus, DeploymentStatus, ReplicaStatusEntry, ServeStatus } from './protocol/status.js';
export type { ServeRequest } from './request-global.js';
export type { Serve } from './serve.js';
export type {
  Application,
  BindArg,
  BindArgs,
  Deployment,
  DeploymentListing,
  DeploymentOptions,
  ResourceOptions,
  RunOptions,
  StartOptions,
} from './types.js';
