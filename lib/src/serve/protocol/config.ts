/** Values of a deployment's options, in the form that the processes share. */

/** The environment of a replica's process. */
export interface ReplicaEnv {
  /** Names of the variables that it has from the cluster's own environment, besides those that every process needs; `true` is all. */
  readonly inherit: true | readonly string[];
  /** What is set on top. */
  readonly variables: Readonly<Record<string, string>>;
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
