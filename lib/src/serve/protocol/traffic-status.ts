/** What of a request chooses its version, so that who comes again meets the same one. */
export type StickyBy = { readonly header: string } | { readonly cookie: string } | { readonly query: string };

/** How the requests of one route prefix are split. */
export interface TrafficStatus {
  /** By application. */
  readonly versions: Readonly<Record<string, VersionTraffic>>;
  readonly stickyBy: StickyBy | null;
  readonly mirror: MirrorTraffic | null;
  /** The last canary of this prefix, until other weights are set. */
  readonly canary: CanaryStatus | null;
}

/** One version in a split. What is counted begins when the rule is set, or when the controller restarts, and is up to a second old. */
export interface VersionTraffic {
  /** The version of its ingress deployment. */
  readonly version: string | null;
  /** Its part of the requests, 0 to 1. */
  readonly weight: number;
  /** Answered, failed or given up by their clients. */
  readonly requests: number;
  /** Answers with a 5xx status, and answers that broke off. */
  readonly failures: number;
  /** 95 of 100 requests took no longer, in milliseconds, to within 9.1 %; `null` before the first. */
  readonly p95Ms: number | null;
}

/** The version that gets copies of requests. */
export interface MirrorTraffic {
  readonly app: string;
  /** Part of the requests that is copied, 0 to 1. */
  readonly share: number;
  /** Copies that were sent and are over. */
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
  /** It has stood the test and gets every request. */
  PROMOTED: 'PROMOTED',
  /** It has not, and gets none. */
  ROLLED_BACK: 'ROLLED_BACK',
  /** It was stopped before that was known. */
  ABORTED: 'ABORTED',
} as const;
export type CanaryState = (typeof CanaryState)[keyof typeof CanaryState];

export interface CanaryStatus {
  readonly state: CanaryState;
  /** Application that is tried. */
  readonly to: string;
  /** Application that it is compared with, and that gets the other requests. */
  readonly from: string;
  /** What it waits for, or why it ended, in words. */
  readonly message: string;
  /** Its part of the requests now, 0 to 1. */
  readonly weight: number;
  /** Which of `steps`, from 0. */
  readonly step: number;
  readonly steps: readonly number[];
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** When the present step, or its end, began; milliseconds since the epoch. */
  readonly changedAt: number;
}
