import { CanaryState, RouteTaken, type StickyBy, type TrafficSpec } from '../../protocol/index.js';
import { type CanaryTrial, canaryWeight, endCanary } from './canary.js';
import { CanaryEvent } from './canary-state.js';
import { InvalidTraffic } from './errors.js';
import type { TargetState } from './target.js';
import { ownerOf, resolveVersion } from './traffic-names.js';

/** How the requests of one prefix are split. */
export interface TrafficRule {
  /** Grows with each rule and deploy of the cluster. All steps of a canary are one rule. */
  readonly id: number;
  /** At least one. Weights are at least 0, and their sum is 1. */
  readonly arms: readonly Arm[];
  readonly stickyBy: StickyBy | null;
  readonly mirror: { readonly app: string; readonly share: number } | null;
  readonly canary: CanaryTrial | null;
}

export interface Arm {
  readonly app: string;
  readonly weight: number;
}

export type TrafficRules = ReadonlyMap<string, TrafficRule>;

/**
 * Sets the rule of a prefix. A canary of this prefix ends.
 * @throws NBS_INVALID_TRAFFIC, NBS_UNKNOWN_VERSION, NBS_AMBIGUOUS_VERSION, NBS_ROUTE_TAKEN
 */
export function setTrafficRule(target: TargetState, prefix: string, { weights, stickyBy, mirror }: TrafficSpec): TargetState {
  const entries = Object.entries(weights);
  if (entries.length === 0) throw InvalidTraffic({ prefix, reason: 'it names no version; write { v1: 0.9, v2: 0.1 }' });
  for (const [key, weight] of entries) {
    if (!(typeof weight === 'number' && weight >= 0 && weight < Number.POSITIVE_INFINITY))
      throw InvalidTraffic({ prefix, reason: `the weight of ${key} must be a number of at least 0, got ${String(weight)}` });
  }
  const sum = entries.reduce((total, [, weight]) => total + weight, 0);
  if (!(sum > 0 && sum < Number.POSITIVE_INFINITY))
    throw InvalidTraffic({ prefix, reason: 'one weight at least must be above 0' });
  const arms = entries.map(([key, weight]) => ({ app: resolveVersion(target, key), weight: weight / sum }));
  const twice = arms.find(({ app }, i) => arms.findIndex((other) => other.app === app) !== i);
  if (twice !== undefined) throw InvalidTraffic({ prefix, reason: `application ${twice.app} is named twice` });
  const copies = mirror === null ? null : { ...mirror, app: resolveVersion(target, mirror.app) };
  return withRule(target, prefix, { arms, stickyBy, mirror: copies, canary: null });
}

/** Begins a canary. Versions that had a share before stay in the split, but get no requests. @throws as {@link setTrafficRule} */
export function setCanary(target: TargetState, prefix: string, canary: CanaryTrial, stickyBy: StickyBy | undefined): TargetState {
  const before = target.traffic.get(prefix);
  const copies = before?.mirror ?? null;
  return withRule(target, prefix, {
    arms: canaryArms(canary, before?.arms ?? []),
    stickyBy: stickyBy ?? before?.stickyBy ?? null,
    // A version that answers requests now needs no copies of them.
    mirror: copies?.app === canary.to ? null : copies,
    canary,
  });
}

/** Moves the canary of a rule to its next step or its end. Returns the same target if the rule has changed meanwhile. */
export function moveCanary(target: TargetState, prefix: string, before: CanaryTrial, canary: CanaryTrial): TargetState {
  const rule = target.traffic.get(prefix);
  if (rule === undefined || rule.canary !== before) return target;
  return { ...target, traffic: new Map(target.traffic).set(prefix, { ...rule, arms: canaryArms(canary, rule.arms), canary }) };
}

/** Removes the rule: the prefix belongs to its owner again, or to no application. */
export function clearTraffic(target: TargetState, prefix: string): TargetState {
  if (!target.traffic.has(prefix)) return target;
  const traffic = new Map(target.traffic);
  traffic.delete(prefix);
  return { ...target, traffic };
}

/**
 * The rules without an application that is deleted. Its share goes to the others in proportion, or in equal parts if they had none. If it was the
 * last application of a rule, the rule is removed. If it was part of a canary, the canary ends.
 */
export function withoutApp(rules: TrafficRules, app: string, now: number): TrafficRules {
  if (![...rules.values()].some((rule) => rule.mirror?.app === app || rule.arms.some((arm) => arm.app === app))) return rules;
  const left = new Map<string, TrafficRule>();
  for (const [prefix, rule] of rules) {
    const others = rule.arms.filter((arm) => arm.app !== app);
    if (others.length === 0) continue;
    const canary = rule.canary;
    const wasTried = canary !== null && canary.state === CanaryState.RUNNING && (canary.to === app || canary.from === app);
    left.set(prefix, {
      ...rule,
      arms: others.length === rule.arms.length ? rule.arms : normalised(others),
      mirror: rule.mirror?.app === app ? null : rule.mirror,
      canary: wasTried ? endCanary(canary, CanaryEvent.STOP, `application ${app} was deleted`, now) : canary,
    });
  }
  return left;
}

function normalised(arms: readonly Arm[]): readonly Arm[] {
  const sum = arms.reduce((total, { weight }) => total + weight, 0);
  return arms.map(({ app, weight }) => ({ app, weight: sum > 0 ? weight / sum : 1 / arms.length }));
}

function canaryArms(canary: CanaryTrial, before: readonly Arm[]): readonly Arm[] {
  const weight = canaryWeight(canary);
  const { from, to } = canary;
  const others = before.filter(({ app }) => app !== from && app !== to).map(({ app }) => ({ app, weight: 0 }));
  return [{ app: from, weight: 1 - weight }, { app: to, weight }, ...others];
}

function withRule(target: TargetState, prefix: string, rule: Omit<TrafficRule, 'id'>): TargetState {
  const owner = ownerOf(target, prefix);
  if (owner !== null && !rule.arms.some(({ app }) => app === owner)) throw RouteTaken({ prefix, app: owner });
  const generation = target.generation + 1;
  return { ...target, generation, traffic: new Map(target.traffic).set(prefix, { id: generation, ...rule }) };
}
