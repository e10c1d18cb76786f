import type { Route, RouteSplit, SplitArm } from '../../protocol/index.js';
import type { TargetState, TrafficRule } from '../target/index.js';
import { reportIntervalMs } from '../traffic/index.js';

/** Adds the splits to the prefixes that have a rule. Pure. @param own the routes of the applications themselves */
export function splitRoutes(own: readonly Route[], target: TargetState): Route[] {
  if (target.traffic.size === 0) return [...own];
  const routes = own.filter(({ prefix }) => !target.traffic.has(prefix));
  for (const [prefix, rule] of target.traffic) {
    const arms = rule.arms.flatMap((arm): SplitArm[] => {
      const deployment = ingressOf(target, arm.app);
      return deployment === null ? [] : [{ ...arm, deployment }];
    });
    const owner = own.find((route) => route.prefix === prefix)?.app;
    const named = arms.find(({ app }) => app === owner) ?? arms.reduce<SplitArm | undefined>(heavier, undefined);
    if (named === undefined) continue;
    const split = { ...splitOf(rule, arms, target), ...(named.app === owner ? { owner } : {}) };
    routes.push({ prefix, app: named.app, deployment: named.deployment, split });
  }
  return routes;
}

function splitOf(rule: TrafficRule, arms: readonly SplitArm[], target: TargetState): RouteSplit {
  const { id, stickyBy, mirror, canary } = rule;
  const copies = mirror === null ? null : ingressOf(target, mirror.app);
  return {
    rule: id,
    arms,
    reportMs: reportIntervalMs(canary?.rules),
    ...(stickyBy === null ? {} : { stickyBy }),
    ...(mirror === null || copies === null ? {} : { mirror: { ...mirror, deployment: copies } }),
  };
}

const ingressOf = (target: TargetState, app: string): string | null => target.apps.get(app)?.live?.spec.ingress ?? null;

const heavier = (best: SplitArm | undefined, arm: SplitArm): SplitArm =>
  best === undefined || arm.weight > best.weight ? arm : best;
