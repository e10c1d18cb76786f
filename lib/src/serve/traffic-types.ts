import type { CanaryStatus, StickyBy } from './protocol/traffic-status.js';
import type { Duration } from './types.js';

/** Options of `serve.traffic` besides the weights. */
export interface TrafficOptions {
  /**
   * `{ header: 'x-user' }`, `{ cookie: 'session' }` or `{ query: 'user' }`: requests with the same value go to the same version. Requests without the
   * value are split by weight. Set it if a user should always see the same version.
   */
  readonly stickyBy?: StickyBy;
  /** Version that gets copies of requests and whose answers are discarded. `share` (0 to 1) copies only a part of the requests. */
  readonly mirror?: string | { readonly app: string; readonly share?: number };
}

/** How a version is tried, and the limits that it must keep. */
export interface CanaryOptions {
  /** Version to try: the name of an application, or the `version` of its ingress. */
  readonly to: string;
  /** Version to compare with, which gets the other requests. @default the version that has the requests now */
  readonly from?: string;
  /** Shares of the requests that the version gets in each step. After the last step it gets all. @default [ 0.05, 0.25, 0.5, 1 ] */
  readonly steps?: readonly number[];
  /** Shortest duration of each step. @default '30s' */
  readonly interval?: Duration;
  /** Smallest number of requests of the version in each step; the step waits for them. @default 100 */
  readonly minRequests?: number;
  /** Share of its requests that may fail (with a 5xx status, or a broken answer). @default 0.01 */
  readonly maxErrorRate?: number;
  /** How far its error rate may be above that of the base, as a share. `null` means that they are not compared. @default null */
  readonly maxErrorRateAboveBase?: number | null;
  /** Highest allowed ratio of its p95 latency to that of the base. `null` means that they are not compared. @default 1.5 */
  readonly maxLatencyRatio?: number | null;
  /** Difference between the two latencies that is always allowed. @default '5ms' */
  readonly latencySlack?: Duration;
  /** See `serve.traffic`. @default as it is */
  readonly stickyBy?: StickyBy;
}

/** A version that is being tried. */
export interface Canary {
  readonly prefix: string;
  /** Resolves with the result: promoted, rolled back, or aborted. Until then it keeps this process alive. */
  readonly done: Promise<CanaryStatus>;
  /** Returns the current state, and what the canary waits for. */
  status(): Promise<CanaryStatus>;
  /** Stops the canary, so that the base gets every request. It does nothing if the canary has ended. */
  abort(reason?: string): Promise<CanaryStatus>;
}
