import type { TrafficStatus } from './traffic-status.js';

/** State of an application. */
export const AppState = {
  /** A first version or an update is being started. */
  DEPLOYING: 'DEPLOYING',
  /** Every deployment has its replicas. */
  RUNNING: 'RUNNING',
  /** It was running, and now a deployment is UNHEALTHY or FAILED. */
  UNHEALTHY: 'UNHEALTHY',
  /** Its first deployment failed. */
  DEPLOY_FAILED: 'DEPLOY_FAILED',
  /** Its replicas are being drained. */
  DELETING: 'DELETING',
} as const;
export type AppState = (typeof AppState)[keyof typeof AppState];

export const DeploymentState = {
  /** Replicas of the wanted version are being started, or its application is being deleted. */
  UPDATING: 'UPDATING',
  /** As many replicas run as are wanted. */
  HEALTHY: 'HEALTHY',
  /** Replicas died, could not be started, have no room, or do not answer although no call explains that. The missing ones are started again. */
  UNHEALTHY: 'UNHEALTHY',
  /** Replicas die again and again, or cannot start, even if none is wanted now. They are tried again with growing pauses. */
  FAILED: 'FAILED',
} as const;
export type DeploymentState = (typeof DeploymentState)[keyof typeof DeploymentState];

export const ReplicaState = {
  /** Its process is being started. */
  STARTING: 'STARTING',
  /** Its constructor runs. */
  INITIALIZING: 'INITIALIZING',
  /** It takes requests. */
  RUNNING: 'RUNNING',
  /** It finishes the requests that it has begun and takes no new ones. */
  DRAINING: 'DRAINING',
  /** Its process is being ended. */
  STOPPING: 'STOPPING',
  /** Its process has ended. */
  STOPPED: 'STOPPED',
} as const;
export type ReplicaState = (typeof ReplicaState)[keyof typeof ReplicaState];

export interface ServeStatus {
  /** The address at which HTTP is answered, e.g. `http://127.0.0.1:8000`; `''` if none is (`proxyLocation: 'Disabled'`). */
  readonly url: string;
  /** The address at which gRPC is answered, e.g. `127.0.0.1:9000`; `''` if it is not. */
  readonly grpc: string;
  /** Problems of the cluster itself, such as a full disk; usually empty. */
  readonly warnings: readonly string[];
  /** The head node is the first one. */
  readonly nodes: readonly NodeStatus[];
  readonly applications: Readonly<Record<string, ApplicationStatus>>;
  /** Splits that `serve.traffic` or `serve.canary` set, by route prefix. */
  readonly traffic: Readonly<Record<string, TrafficStatus>>;
}

export interface NodeStatus {
  readonly id: string;
  readonly ip: string;
  readonly alive: boolean;
  /** The address at which the node's proxy answers HTTP; `null` if it has no proxy. */
  readonly url: string | null;
  /** The address at which the node's proxy answers gRPC; `null` if it does not. */
  readonly grpc: string | null;
  /** Resources that the node has for replicas. */
  readonly total: NodeAmounts;
  /** Resources that no replica occupies. */
  readonly free: NodeAmounts;
  /** Its GPUs, as the driver describes them now; absent if it has none. A GPU that was only declared, or of a machine that joined, has an id and nothing else. */
  readonly gpus?: readonly GpuStatus[];
}

export interface GpuStatus {
  /** Its name for `CUDA_VISIBLE_DEVICES`. */
  readonly id: string;
  /** Its model. */
  readonly name?: string;
  readonly uuid?: string;
  /** All its memory, in bytes. */
  readonly memory?: number;
  /** Memory of it that is in use, by replicas and by others, in bytes. */
  readonly used?: number;
  /** How much of the time it worked lately, from 0 to 1. */
  readonly utilization?: number;
}

export interface NodeAmounts {
  /** Cores. */
  readonly cpu: number;
  readonly gpu: number;
  /** Bytes. */
  readonly memory: number;
  readonly custom: Readonly<Record<string, number>>;
}

export interface ApplicationStatus {
  readonly status: AppState;
  /** The reason for the state, in words; empty if there is nothing to say. */
  readonly message: string;
  readonly routePrefix: string | null;
  readonly ingress: string;
  /** Milliseconds since the epoch. */
  readonly lastDeployedAt: number;
  readonly deployments: Readonly<Record<string, DeploymentStatus>>;
}

export interface DeploymentStatus {
  readonly status: DeploymentState;
  readonly message: string;
  readonly version: string | null;
  readonly numReplicas: number;
  /** If it is a graph of calls: its nodes, one in each line, with what they take. */
  readonly graph?: string;
  /** The last replica of this version that ended by itself or could not be started. Absent if there was none since the last deploy. */
  readonly lastFailure?: FailureStatus;
  readonly replicas: readonly ReplicaStatusEntry[];
}

/** Why a replica ended or could not be started. */
export interface FailureStatus {
  /** Such as `NBS_REPLICA_OUT_OF_MEMORY` or `NBS_REPLICA_FAILED`. */
  readonly code: string;
  readonly message: string;
  /** Number of such failures in a row. A replica that runs for ten seconds ends the row. */
  readonly count: number;
  /** The next replica was not started before this time (ms since the epoch). The pauses grow from 0.5 s to 30 s. */
  readonly retryAt: number;
}

/** A model that a replica has loaded with `onnx.load`. */
export interface ModelStatus {
  readonly name: string;
  /** The device for which its session was made, such as `cpu` or `webgpu (software Vulkan)`. */
  readonly device: string;
  /** The device that was asked for. */
  readonly requested: string;
  /** `beside` the event loop, or in the `loop`. */
  readonly place: string;
  /** Why it does not run on the devices that come before: one sentence for each. */
  readonly failed: readonly string[];
}

export interface ReplicaStatusEntry {
  readonly id: string;
  readonly state: ReplicaState;
  readonly pid: number | null;
  /** Id of its node. `null` if the cluster has only one node and the replica occupies nothing of it. */
  readonly node: string | null;
  /** Time since which it has not answered, because its event loop is blocked or its process is stopped (ms since the epoch). Absent if it answers. */
  readonly blockedSince?: number;
  /** The models that it had loaded when it was ready, or at its last health check. Absent if there are none. */
  readonly models?: readonly ModelStatus[];
}
