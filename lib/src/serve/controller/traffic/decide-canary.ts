import { type CanaryRules, CanaryState, latencyQuantile, type Tally } from '../../protocol/index.js';
import { CanaryEvent, type CanaryTrial, canaryWeight, endCanary } from '../target/index.js';

/** What was measured since the present step began, or since the controller restarted in it. */
export interface CanaryWindow {
  readonly since: number;
  readonly canary: Tally;
  readonly base: Tally;
}

export interface CanaryDecision {
  /** The same object where it goes on as it is. */
  readonly canary: CanaryTrial;
  /** What it waits for, or why it ended, in words. */
  readonly message: string;
  /** When to decide again, also if nothing is reported until then; `null` where only reports can change anything. */
  readonly wakeAt: number | null;
}

const P95 = 0.95;
/** Differences of fractions are not exact, and 7 % is not more than 5 % and 2 %. */
const EPSILON = 1e-9;

/**
 * What becomes of a canary. Pure: no clock, no randomness.
 *
 * Each step lasts `intervalMs` at least, and until the canary has had `minRequests`. It fails as soon as one of these is known:
 * - its error rate cannot come down to `maxErrorRate` any more within `minRequests`, or is above it;
 * - with `minRequests`: its error rate is more than `maxErrorRateAboveBase` above that of the base;
 * - with `minRequests`: its p95 is above that of the base times `maxLatencyRatio`, and by more than `latencySlackMs`.
 * The base's p95 is that of this step where it has had `minRequests` too, else that of the last step in which it had.
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
  // Of fewer requests, it is known before all have come when too many have failed already.
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
  // A base that gets no more requests is compared by what is known of it.
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

/** `7.2 %`; as many digits as it takes to tell it from nothing. */
const percent = (part: number): string => `${Number((part * 100).toPrecision(part * 100 >= 10 ? 3 : 2))} %`;
const ms = (value: number): string => `${Number(value.toPrecision(3))} ms`;
const seconds = (value: number): string => (value < 1000 ? `${Math.ceil(value)} ms` : `${Math.ceil(value / 1000)} s`);
