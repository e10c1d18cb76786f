/** What a replica, a router and the controller need to know of a deployment; durations are milliseconds here. */
export interface DeploymentConfig {
  /** Replica processes to keep running, at least 0. */
  readonly numReplicas: number;
  /** Where it is there, `numReplicas` is only where it starts, and the load decides from then on. */
  readonly autoscaling?: AutoscalingConfig;
  /** Requests that one replica works on at a time; it answers BUSY above. */
  readonly maxOngoingRequests: number;
  /** Requests that one router holds while every replica is busy; -1 is no limit. */
  readonly maxQueuedRequests: number;
  /** Deadline of a request, from its arrival at the router; `null` is none. */
  readonly requestTimeoutMs: number | null;
  /** How long a draining replica may finish what it has begun. */
  readonly gracefulShutdownTimeoutMs: number;
  /** How long a replica's start, its constructor included, may take. */
  readonly startupTimeoutMs: number;
  /** How often a running replica is asked whether it is well. */
  readonly healthCheckPeriodMs: number;
  /** A replica that does not answer that within this time hangs, and is replaced. */
  readonly healthCheckTimeoutMs: number;
  /** How long user code may go on after its request was cancelled before the process is replaced. */
  readonly stuckTimeoutMs: number;
  /** Methods that may be run again after a replica died in them (`fetch` for HTTP); `true` is all. */
  readonly idempotent: readonly string[] | true;
  /** Where it is there, routers send idempotent requests that are slow to be answered to a second replica. */
  readonly hedging?: HedgingConfig;
  readonly resources: Resources;
  /** Environment variables of the replica's process. */
  readonly env: Readonly<Record<string, string>>;
  /** JSON; given to the replica's `reconfigure`. */
  readonly userConfig?: unknown;
  /** An update replaces some replicas at a time, and both versions answer meanwhile; without it all are switched to at once. */
  readonly rollingUpdate?: RollingUpdate;
}

/** A number of replicas, or a share of them such as `'25%'`. */
export type ReplicaAmount = number | `${number}%`;

/** How many replicas of an update are replaced at a time. */
export interface RollingUpdate {
  /** Replicas above the wanted number, at most; a share is rounded up. */
  readonly maxSurge: ReplicaAmount;
  /** Replicas below the wanted number, at most; a share is rounded down. */
  readonly maxUnavailable: ReplicaAmount;
}

export interface HedgingConfig {
  /** Without the head of an answer after so long a second copy is sent. */
  readonly delayMs: number;
  /** Share of the requests that may be sent twice, above 0 and up to 1. */
  readonly maxExtra: number;
}

/** What one replica holds of its node. */
export interface Allocation {
  readonly node: string;
  readonly resources: Resources;
  /** GPUs that it sees: whole ones, or one that it shares. */
  readonly gpus: readonly string[];
}

export interface Resources {
  /** Cores; fractions are shares. */
  readonly cpu: number;
  readonly gpu: number;
  /** Bytes. */
  readonly memory: number;
  readonly custom: Readonly<Record<string, number>>;
}

/** How the number of replicas follows the load; durations are milliseconds here. */
export interface AutoscalingConfig {
  /** With 0 it sleeps while nobody asks: the first request starts a replica and waits for it. */
  readonly minReplicas: number;
  readonly maxReplicas: number;
  /** Replicas that a first deploy starts; `null` is `minReplicas`. */
  readonly initialReplicas: number | null;
  /** Requests, worked on or waiting, that there should be for each replica on average. */
  readonly targetOngoingRequests: number;
  /** More replicas only after they were wanted for so long. */
  readonly upscaleDelayMs: number;
  /** Fewer replicas only after they were enough for so long. */
  readonly downscaleDelayMs: number;
  /** How often routers tell their load. */
  readonly metricsIntervalMs: number;
  /** The load is averaged over this time. */
  readonly lookBackPeriodMs: number;
  /** Above 1 a step up is larger than the load asks for, below 1 smaller. */
  readonly upscalingFactor: number;
  /** The same for a step down. */
  readonly downscalingFactor: number;
  /** The deployment of the same application that is asked for the number of replicas. */
  readonly policy?: string;
}
