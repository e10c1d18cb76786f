import type { LatencyCounts } from './latency-histogram.js';
import type { StickyBy } from './traffic-status.js';

/** The event topic under which proxies send {@link TrafficReport}s to the controller. */
export const TRAFFIC_TOPIC = 'traffic';

/** What one proxy saw of split routes since its last report. It contains only routes that had requests. */
export type TrafficReport = readonly RuleTally[];

export interface RuleTally {
  readonly prefix: string;
  /** The value of `RouteSplit.rule`. Counts of another rule are ignored. */
  readonly rule: number;
  /** By application. */
  readonly versions: Readonly<Record<string, Tally>>;
  readonly mirror: MirrorTally | null;
}

/** Counts of requests that have ended. */
export interface Tally {
  readonly requests: number;
  /** How many of them got a 5xx status or an answer that broke off. */
  readonly failures: number;
  readonly latencies: LatencyCounts;
}

export interface MirrorTally extends Tally {
  /** Copies that were not sent, because the version had no room. */
  readonly dropped: number;
  /** Requests that were not copied, because their body was streamed. */
  readonly streamed: number;
}

/** A split, as a driver requests it. Keys are names of applications, or versions that only one application has. */
export interface TrafficSpec {
  /** Relative weights; each is at least 0, and at least one is above 0. */
  readonly weights: Readonly<Record<string, number>>;
  readonly stickyBy: StickyBy | null;
  readonly mirror: { readonly app: string; readonly share: number } | null;
}

/** A canary, as a driver requests it. Durations are in milliseconds. */
export interface CanarySpec extends CanaryRules {
  /** Name of an application, or a version that only one application has. */
  readonly to: string;
  /** `null` means the application that gets the requests now. */
  readonly from: string | null;
  /** `undefined` means that it does not change. */
  readonly stickyBy?: StickyBy | undefined;
}

/** The rules that decide on a canary. */
export interface CanaryRules {
  /** Shares of the requests, one step after the other; above 0, growing, at most 1. */
  readonly steps: readonly number[];
  /** Shortest duration of each step. */
  readonly intervalMs: number;
  /** Smallest number of requests that the new version must get in each step. */
  readonly minRequests: number;
  /** Largest share of them that may fail, from 0 to 1. */
  readonly maxErrorRate: number;
  /** How much higher its error rate may be than that of the base; `null` means no limit. */
  readonly maxErrorRateAboveBase: number | null;
  /** How many times the p95 of the base its p95 may be; `null` means no limit. */
  readonly maxLatencyRatio: number | null;
  /** A p95 that is higher by at most this time is always accepted. */
  readonly latencySlackMs: number;
}
