export type { DeploymentConfig, Resources } from './config.js';
export type { AppSpec, ControllerOps, DeploymentSpec } from './controller.js';
export {
  BodyNotReplayable,
  DeployFailed,
  HostRefused,
  HttpNotServed,
  NoReplica,
  NoRoute,
  NoSuchApp,
  NoSuchDeployment,
  NoSuchMethod,
  OriginRefused,
  QueueFull,
  ReplicaBusy,
  ReplicaDied,
  ReplicaDraining,
  RequestCancelled,
  RequestTimeout,
  RouteTaken,
} from './errors.js';
export type { HandleRef } from './handle-ref.js';
export type { ReplicaArgs, ReplicaInit, ReplicaOps, ReplicaReady, ReplicaStatus } from './replica.js';
export {
  type DeploymentKey,
  type DeploymentRoute,
  deploymentKey,
  type ReplicaRoute,
  ROUTES_TOPIC,
  type Route,
  type RouteSnapshot,
} from './routes.js';
export {
  type ApplicationStatus,
  AppState,
  DeploymentState,
  type DeploymentStatus,
  ReplicaState,
  type ReplicaStatusEntry,
  type ServeStatus,
} from './status.js';
