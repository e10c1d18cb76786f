/** What a replica, a router and the controller need to know of a deployment; durations are milliseconds here. */
export interface DeploymentConfig {
  /** Replica processes to keep running, at least 0. */
  readonly numReplicas: number;
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
  /** How long user code may go on after its request was cancelled before the process is replaced. */
  readonly stuckTimeoutMs: number;
  /** Methods that may be run again after a replica died in them (`fetch` for HTTP); `true` is all. */
  readonly idempotent: readonly string[] | true;
  readonly resources: Resources;
  /** Environment variables of the replica's process. */
  readonly env: Readonly<Record<string, string>>;
  readonly userConfig?: unknown;
}

export interface Resources {
  /** Cores; fractions are shares. */
  readonly cpu: number;
  readonly gpu: number;
  /** Bytes. */
  readonly memory: number;
  readonly custom: Readonly<Record<string, number>>;
}
