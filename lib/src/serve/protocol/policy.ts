/** Types of the public API. No third-party types: these reach notebook cells. */

/**
 * A policy of one's own: how many replicas there should be. Called at each `metricsInterval` and whenever the load changes much; a fraction is
 * rounded up. What it answers holds within `minReplicas` and `maxReplicas`, and once it has been wanted for the `upscaleDelay` or `downscaleDelay`.
 * Where it throws, answers something else, or needs over 5 s, the number stays as it is and the deployment's status says why.
 */
export type AutoscalingPolicy = (metrics: AutoscalingMetrics) => number | Promise<number>;

/** What a policy decides by. */
export interface AutoscalingMetrics {
  readonly app: string;
  readonly deployment: string;
  /** Replicas that take requests. */
  readonly currentReplicas: number;
  /** Replicas that are wanted now, whether they run yet or not. */
  readonly targetReplicas: number;
  /** Requests, worked on or waiting: the mean over `lookBackPeriod`. */
  readonly averageOngoingRequests: number;
  /** The same at this moment. */
  readonly ongoingRequests: number;
  readonly targetOngoingRequests: number;
  readonly minReplicas: number;
  readonly maxReplicas: number;
  /** What there would be without a policy: the load over `targetOngoingRequests`, with the factors, before bounds and delays. */
  readonly suggestedReplicas: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
}
