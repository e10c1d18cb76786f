import { type CanaryRules, CanaryState, latencyQuantile, type Tally } from '../../protocol/index.js';
import { CanaryEvent, type CanaryTrial, canaryWeight, endCanary } from '../target/index.js';

/** What was measured since the current step began, or since the controller restarted during it. */
export interface CanaryWindow {
  readonly since: number;
  readonly canary: Tally;
  readonly base: Tally;
}

export interface CanaryDecision {
  /** The same object if nothing changes. */
  readonly canary: CanaryTrial;
  /** What the canary waits for, or why it ended. */
  readonly message: string;
  /** When to decide again, even if no report comes before; `null` if only a report can change anything. */
  readonly wakeAt: number | null;
}

const P95 = 0.95;
/** Differences of fractions are not exact, and 7 % must not count as more than 5 % plus 2 %. */
const EPSILON = 1e-9;

/**
 * Decides on a canary. Pure: no clock, no randomness.
 * Each step lasts at least `intervalMs`, and until the canary has had `minRequests`. The canary fails as soon as one of these is known:
 * - its error rate is above `maxErrorRate`, or can no longer fall to it within `minRequests`;
 * - after `minRequests`: its error rate is more than `maxErrorRateAboveBase` above that of the base;
 * - after `minRequests`: its p95 is above that of the base times `maxLatencyRatio`, and by more than `latencySlackMs`.
 * The base's p95 is that of this step if the base has had `minRequests` in it too; otherwise that of the last step in which it had.
 */
export function decideCanary(canary: CanaryTrial, window: CanaryWindow, now: number): CanaryDecision {
  if (canary.state !== CanaryState.RUNNING) return { canary, message: canary.message, wakeAt: null };
  const failed = errorVerdict(canary.rules, window) ?? latencyVerdict(canary, window);
  if (failed !== null) return end(canary, CanaryEvent.FAIL, `${failed}, at ${percent(canaryWeight(canary))}`, now);
  const waits = whatItWaitsFor(canary, window);
  const until = window.since + canary.rules.intervalMs;
  if (now < until || waits !== null) {
    const left = Math.max(0, until - now);
    const step = `step ${canary.step + 1} of ${canary.rules.steps.length}, ${percent(canaryWeight(canary))} of the requests`;
    const reasons = [...(left > 0 ? [`${seconds(left)} to go`] : []), ...(waits === null ? [] : [waits])];
    return { canary, message: `${step}: ${reasons.join('; ')}`, wakeAt: left > 0 ? until : null };
  }
  const baseP95Ms = baseLatency(canary, window);
  if (canary.step + 1 < canary.rules.steps.length) {
    const next = { ...canary, step: canary.step + 1, baseP95Ms, changedAt: now };
    const message = `step ${canary.step + 1} passed: ${summary(window)}`;
    return { canary: next, message, wakeAt: now + canary.rules.intervalMs };
  }
  return end(canary, CanaryEvent.PASS, `passed all ${canary.rules.steps.length} steps; in the last one: ${summary(window)}`, now);
}

function end(canary: CanaryTrial, event: CanaryEvent, message: string, now: number): CanaryDecision {
  return { canary: endCanary(canary, event, message, now), message, wakeAt: null };
}

function errorVerdict(rules: CanaryRules, { canary, base }: CanaryWindow): string | null {
  const { minRequests, maxErrorRate, maxErrorRateAboveBase } = rules;
  const { requests, failures } = canary;
  // If too many have failed already, the result is known before all requests have come.
  if (failures > maxErrorRate * Math.max(requests, minRequests) + EPSILON)
    return `error rate ${percent(failures / requests)} (${failures} of ${requests} requests), allowed ${percent(maxErrorRate)}`;
  if (maxErrorRateAboveBase === null || requests < minRequests || base.requests < minRequests) return null;
  const [rate, baseRate] = [failures / requests, base.failures / base.requests];
  if (rate - baseRate <= maxErrorRateAboveBase + EPSILON) return null;
  const allowed = `allowed ${percent(baseRate + maxErrorRateAboveBase)}: that of the base, ${percent(baseRate)}, and ${percent(maxErrorRateAboveBase)}`;
  return `error rate ${percent(rate)} (${failures} of ${requests} requests), ${allowed}`;
}

function latencyVerdict(canary: CanaryTrial, window: CanaryWindow): string | null {
  const { minRequests, maxLatencyRatio, latencySlackMs } = canary.rules;
  const baseMs = baseLatency(canary, window);
  if (maxLatencyRatio === null || baseMs === null || window.canary.requests < minRequests) return null;
  const ownMs = latencyQuantile(window.canary.latencies, P95) ?? 0;
  const allowedMs = Math.max(baseMs * maxLatencyRatio, baseMs + latencySlackMs);
  if (ownMs <= allowedMs) return null;
  const ratio = (ownMs / baseMs).toFixed(1);
  return `p95 latency ${ms(ownMs)} (of ${window.canary.requests} requests) is ${ratio} times that of the base, ${ms(baseMs)}; allowed ${ms(allowedMs)}`;
}

function baseLatency({ rules, baseP95Ms }: CanaryTrial, { base }: CanaryWindow): number | null {
  return base.requests >= rules.minRequests ? latencyQuantile(base.latencies, P95) : baseP95Ms;
}

function whatItWaitsFor(canary: CanaryTrial, window: CanaryWindow): string | null {
  const { minRequests, maxLatencyRatio, maxErrorRateAboveBase } = canary.rules;
  if (window.canary.requests < minRequests) return `waits for requests: ${window.canary.requests} of ${minRequests} measured`;
  const isCompared = maxLatencyRatio !== null || maxErrorRateAboveBase !== null;
  // If the base gets no more requests, what is known about it is used.
  if (!isCompared || canaryWeight(canary) >= 1 || window.base.requests >= minRequests || baseLatency(canary, window) !== null)
    return null;
  return `waits for requests of the base: ${window.base.requests} of ${minRequests} measured`;
}

function summary({ canary, base }: CanaryWindow): string {
  const p95 = latencyQuantile(canary.latencies, P95);
  const baseP95 = latencyQuantile(base.latencies, P95);
  const own = `${canary.requests} requests, error rate ${percent(canary.failures / Math.max(1, canary.requests))}, p95 ${ms(p95 ?? 0)}`;
  return baseP95 === null ? own : `${own} (base ${ms(baseP95)})`;
}

/** `7.2 %`, with as many digits as are needed to distinguish it from zero. */
const percent = (part: number): string => `${Number((part * 100).toPrecision(part * 100 >= 10 ? 3 : 2))} %`;
const ms = (value: number): string => `${Number(value.toPrecision(3))} ms`;
const seconds = (value: number): string => (value < 1000 ? `${Math.ceil(value)} ms` : `${Math.ceil(value / 1000)} s`);
