/** The part of a request that chooses its version, so that the same user always gets the same version. */
export type StickyBy = { readonly header: string } | { readonly cookie: string } | { readonly query: string };

/** How the requests of one route prefix are split. */
export interface TrafficStatus {
  /** By application. */
  readonly versions: Readonly<Record<string, VersionTraffic>>;
  readonly stickyBy: StickyBy | null;
  readonly mirror: MirrorTraffic | null;
  /** The last canary of this prefix; `null` after other weights were set. */
  readonly canary: CanaryStatus | null;
}

/** One version in a split. Counting begins when the rule is set or when the controller restarts. The counts are up to one second old. */
export interface VersionTraffic {
  /** The version of its ingress deployment. */
  readonly version: string | null;
  /** Its share of the requests, from 0 to 1. */
  readonly weight: number;
  /** Requests that were answered, that failed, or whose clients left. */
  readonly requests: number;
  /** Answers with a 5xx status, and answers that broke off. */
  readonly failures: number;
  /** 95 of 100 requests took at most this long: milliseconds, at most 9.1 % too high. `null` before the first request. */
  readonly p95Ms: number | null;
}

/** The version that gets copies of requests. */
export interface MirrorTraffic {
  readonly app: string;
  /** Share of the requests that are copied, from 0 to 1. */
  readonly share: number;
  /** Copies that were sent and have ended. */
  readonly requests: number;
  readonly failures: number;
  readonly p95Ms: number | null;
  /** Copies that were not sent, because the version had no room for them. */
  readonly dropped: number;
  /** Requests that were not copied, because their body was streamed. */
  readonly streamed: number;
}

export const CanaryState = {
  /** The new version is being tried. */
  RUNNING: 'RUNNING',
  /** It met the rules and gets all requests. */
  PROMOTED: 'PROMOTED',
  /** It did not meet the rules and gets no requests. */
  ROLLED_BACK: 'ROLLED_BACK',
  /** It was stopped before the result was known. */
  ABORTED: 'ABORTED',
} as const;
export type CanaryState = (typeof CanaryState)[keyof typeof CanaryState];

export interface CanaryStatus {
  readonly state: CanaryState;
  /** The application that is tried. */
  readonly to: string;
  /** The application that it is compared with; it gets the other requests. */
  readonly from: string;
  /** What the canary waits for, or why it ended. */
  readonly message: string;
  /** Its current share of the requests, from 0 to 1. */
  readonly weight: number;
  /** Index of the current step in `steps`, from 0. */
  readonly step: number;
  readonly steps: readonly number[];
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** Time at which the current step began, or the canary ended; milliseconds since the epoch. */
  readonly changedAt: number;
}
