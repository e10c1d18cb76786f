import type { TrafficStatus } from './traffic-status.js';

/** State of an application. */
export const AppState = {
  /** A first version, or an update, is being brought up. */
  DEPLOYING: 'DEPLOYING',
  /** Every deployment has its replicas. */
  RUNNING: 'RUNNING',
  /** It was running and a deployment is UNHEALTHY or FAILED now. */
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
  /** Replicas died, could not be started, have no room, or do not answer and no call excuses that; what is missing is tried again. */
  UNHEALTHY: 'UNHEALTHY',
  /** Replicas keep dying, or cannot start, also if none is wanted now; it is tried again with growing pauses. */
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
  /** It finishes what it has begun and takes nothing new. */
  DRAINING: 'DRAINING',
  /** Its process is being ended. */
  STOPPING: 'STOPPING',
  /** Its process is gone. */
  STOPPED: 'STOPPED',
} as const;
export type ReplicaState = (typeof ReplicaState)[keyof typeof ReplicaState];

export interface ServeStatus {
  /** Where HTTP is answered, e.g. `http://127.0.0.1:8000`; `''` where it is not (`proxyLocation: 'Disabled'`). */
  readonly url: string;
  /** What is wrong with the cluster itself, such as a full disk; mostly empty. */
  readonly warnings: readonly string[];
  /** The head first. */
  readonly nodes: readonly NodeStatus[];
  readonly applications: Readonly<Record<string, ApplicationStatus>>;
  /** Splits that `serve.traffic` or `serve.canary` set, by route prefix. */
  readonly traffic: Readonly<Record<string, TrafficStatus>>;
}

export interface NodeStatus {
  readonly id: string;
  readonly ip: string;
  readonly alive: boolean;
  /** Where its proxy answers HTTP; `null` where it has none. */
  readonly url: string | null;
  /** What it has for replicas. */
  readonly total: NodeAmounts;
  /** What of it no replica holds. */
  readonly free: NodeAmounts;
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
  /** What brought the state about, in words; empty where there is nothing to say. */
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
  readonly replicas: readonly ReplicaStatusEntry[];
}

export interface ReplicaStatusEntry {
  readonly id: string;
  readonly state: ReplicaState;
  readonly pid: number | null;
  /** Id of its node; `null` for the only one of a cluster, where the replica takes nothing of it. */
  readonly node: string | null;
  /** Since when it has answered nothing, because its event loop is blocked or its process is stopped (ms since the epoch); absent if it does answer. */
  readonly blockedSince?: number;
}
