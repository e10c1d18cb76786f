import type { LatencyCounts } from './latency-histogram.js';
import type { StickyBy } from './traffic-status.js';

/** The event topic under which proxies tell the controller their {@link TrafficReport}s. */
export const TRAFFIC_TOPIC = 'traffic';

/** What one proxy saw of split routes since it reported last. Only those with any requests are in it. */
export type TrafficReport = readonly RuleTally[];

export interface RuleTally {
  readonly prefix: string;
  /** `RouteSplit.rule`: what was measured under another rule does not count for this one. */
  readonly rule: number;
  /** By application. */
  readonly versions: Readonly<Record<string, Tally>>;
  readonly mirror: MirrorTally | null;
}

/** Requests that are over. */
export interface Tally {
  readonly requests: number;
  /** Of them: 5xx, or the answer broke off. */
  readonly failures: number;
  readonly latencies: LatencyCounts;
}

export interface MirrorTally extends Tally {
  /** Copies that found no room. */
  readonly dropped: number;
  /** Requests whose body was streamed, and so was not copied. */
  readonly streamed: number;
}

/** A split as a driver asks for it. Its keys are application names, or versions that one application alone has. */
export interface TrafficSpec {
  /** Relative; at least 0 each, not all 0. */
  readonly weights: Readonly<Record<string, number>>;
  readonly stickyBy: StickyBy | null;
  readonly mirror: { readonly app: string; readonly share: number } | null;
}

/** A canary as a driver asks for it; durations are milliseconds here. */
export interface CanarySpec extends CanaryRules {
  /** An application, or a version that one application alone has. */
  readonly to: string;
  /** `null` is the one that has the requests now. */
  readonly from: string | null;
  /** `undefined` is as it is. */
  readonly stickyBy: StickyBy | undefined;
}

/** What a canary is judged by. */
export interface CanaryRules {
  /** Parts of the requests, one after the other; above 0, growing, at most 1. */
  readonly steps: readonly number[];
  /** How long each step lasts, at least. */
  readonly intervalMs: number;
  /** Each step sees so many requests at the new version, at least. */
  readonly minRequests: number;
  /** Part of them that may fail, 0 to 1. */
  readonly maxErrorRate: number;
  /** How far its error rate may be above that of the base; `null` is any. */
  readonly maxErrorRateAboveBase: number | null;
  /** Its p95 may be so many times that of the base; `null` is any. */
  readonly maxLatencyRatio: number | null;
  /** Slower by no more than this is not held against it. */
  readonly latencySlackMs: number;
}
