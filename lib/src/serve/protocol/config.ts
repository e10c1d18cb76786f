/** Values of a deployment's options, in the form that the processes share. */

/** The environment of a replica's process. */
export interface ReplicaEnv {
  /** Names of the variables that the process inherits from the cluster's environment, besides those that every process needs. `true` means all. */
  readonly inherit: true | readonly string[];
  /** Variables that are set in addition. */
  readonly variables: Readonly<Record<string, string>>;
}

/** What the replicas of a deployment need besides its code. */
export interface RuntimeEnv {
  readonly npm?: NpmPackages;
  /** Working folder; absolute once `serve.run` has prepared it. */
  readonly workingDir?: string;
  readonly nodeFlags?: readonly string[];
  /** Path of a file of environment variables. `serve.run` replaces it by what is in the file. */
  readonly envFile?: string;
}

/** npm packages that are installed together. */
export interface NpmPackages {
  /** A version, range or tag for each name, sorted by name. */
  readonly dependencies: Readonly<Record<string, string>>;
  /** Path of the `package.json` that names them. `serve.run` replaces it by what is in the file. */
  readonly file?: string;
  /** The text of the `package.json` to install, if a file named them. */
  readonly manifest?: string;
  /** The text of the `package-lock.json` beside it. */
  readonly lock?: string;
}

/** A number of replicas, or a share of them such as `'25%'`. */
export type ReplicaAmount = number | `${number}%`;

/** How many replicas are replaced at a time during an update. */
export interface RollingUpdate {
  /** The most replicas that may exist beyond the wanted number during an update. A share is rounded up. */
  readonly maxSurge: ReplicaAmount;
  /** The most replicas that may be missing from the wanted number during an update. A share is rounded down. */
  readonly maxUnavailable: ReplicaAmount;
}

export interface HedgingConfig {
  /** If the head of the answer has not arrived after this time, a second copy of the request is sent. */
  readonly delayMs: number;
  /** Share of the requests that may be sent twice, above 0 and up to 1. */
  readonly maxExtra: number;
}

/** What one replica occupies of its node. */
export interface Allocation {
  readonly node: string;
  readonly resources: Resources;
  /** GPUs that the replica sees: whole ones, or one that it shares. */
  readonly gpus: readonly string[];
}

export interface Resources {
  /** Cores; a fraction is a share of one core. */
  readonly cpu: number;
  readonly gpu: number;
  /** Bytes. */
  readonly memory: number;
  readonly custom: Readonly<Record<string, number>>;
}

/** How the number of replicas follows the load. Durations are in milliseconds. */
export interface AutoscalingConfig {
  /** If 0, the deployment has no replica while there are no requests. The first request then starts a replica and waits for it. */
  readonly minReplicas: number;
  readonly maxReplicas: number;
  /** Number of replicas that the first deploy starts. `null` means `minReplicas`. */
  readonly initialReplicas: number | null;
  /** Target for the average number of requests per replica, in progress or waiting. */
  readonly targetOngoingRequests: number;
  /** The number of replicas grows only if more have been needed for this time. */
  readonly upscaleDelayMs: number;
  /** The number of replicas shrinks only if fewer have been enough for this time. */
  readonly downscaleDelayMs: number;
  /** How often routers report their load. */
  readonly metricsIntervalMs: number;
  /** The load is averaged over this time. */
  readonly lookBackPeriodMs: number;
  /** If above 1, a step up is larger than the load requires; if below 1, smaller. */
  readonly upscalingFactor: number;
  /** The same for a step down. */
  readonly downscalingFactor: number;
  /** The deployment of the same application that decides on the number of replicas. */
  readonly policy?: string;
}
