import {
  type CanaryStatus,
  latencyQuantile,
  type MirrorTraffic,
  type TrafficStatus,
  type VersionTraffic,
} from '../../protocol/index.js';
import { type CanaryTrial, canaryWeight, type TargetState, type TrafficRule } from '../target/index.js';
import { decideCanary } from './decide-canary.js';
import type { TrafficWindow } from './traffic-window.js';

const P95 = 0.95;

/** What users see of a rule. Pure. @param step what was measured in the current step of its canary */
export function trafficStatus(
  rule: TrafficRule,
  target: TargetState,
  all: TrafficWindow,
  step: TrafficWindow,
  now: number,
): TrafficStatus {
  const { arms, stickyBy, mirror, canary } = rule;
  const versions = arms.map(({ app, weight }): [string, VersionTraffic] => {
    const { requests, failures, latencies } = all.of(app);
    const { deployments = [], ingress } = target.apps.get(app)?.live?.spec ?? {};
    const version = deployments.find(({ name }) => name === ingress)?.version ?? null;
    return [app, { version, weight, requests, failures, p95Ms: latencyQuantile(latencies, P95) }];
  });
  return {
    versions: Object.fromEntries(versions),
    stickyBy,
    mirror: mirror && mirrorTraffic(mirror, all),
    canary: canary && canaryStatus(canary, step, now),
  };
}

export function canaryStatus(canary: CanaryTrial, step: TrafficWindow, now: number): CanaryStatus {
  const { state, to, from, rules, startedAt, changedAt } = canary;
  const window = { since: step.since, canary: step.of(to), base: step.of(from) };
  const { message } = decideCanary(canary, window, now);
  return { state, to, from, message, weight: canaryWeight(canary), step: canary.step, steps: rules.steps, startedAt, changedAt };
}

function mirrorTraffic(
  mirror: { readonly app: string; readonly share: number },
  { mirror: tally }: TrafficWindow,
): MirrorTraffic {
  const { requests, failures, latencies, dropped, streamed } = tally;
  return { ...mirror, requests, failures, p95Ms: latencyQuantile(latencies, P95), dropped, streamed };
}
