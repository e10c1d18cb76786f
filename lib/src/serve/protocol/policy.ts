/** Types of the public API. They use no third-party types, because notebook cells see them. */

/**
 * A function of your own that decides how many replicas there should be. It is called whenever a router reports the load, which each of them does at
 * each `metricsInterval` while there is load, and also without load. Two calls never overlap.
 * A fraction is rounded up. The result is limited to `minReplicas` and `maxReplicas`, and takes effect when it has been wanted for `upscaleDelay` or
 * `downscaleDelay`.
 * If the function throws, returns something else or takes longer than 5 s, the number of replicas does not change and the status of the deployment
 * says why.
 */
export type AutoscalingPolicy = (metrics: AutoscalingMetrics) => number | Promise<number>;

/** What a policy can base its decision on. */
export interface AutoscalingMetrics {
  readonly app: string;
  readonly deployment: string;
  /** Number of replicas that take requests. */
  readonly currentReplicas: number;
  /** Number of replicas that are wanted now, including those that do not run yet. */
  readonly targetReplicas: number;
  /** Number of requests, in progress or waiting: the mean over `lookBackPeriod`. */
  readonly averageOngoingRequests: number;
  /** The same number at this moment. */
  readonly ongoingRequests: number;
  readonly targetOngoingRequests: number;
  readonly minReplicas: number;
  readonly maxReplicas: number;
  /** Number of replicas without a policy: the load divided by `targetOngoingRequests`, with the factors applied, before bounds and delays. */
  readonly suggestedReplicas: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
}
