import type { CanaryRules } from '../../protocol/index.js';

const USUAL_MS = 1000;
const SHORTEST_MS = 50;
/** Reports in each step of a canary, at least. */
const REPORTS = 4;

/** How often proxies tell what came of requests. */
export function reportIntervalMs(rules: Pick<CanaryRules, 'intervalMs'> | undefined): number {
  return rules === undefined ? USUAL_MS : Math.max(SHORTEST_MS, Math.min(USUAL_MS, rules.intervalMs / REPORTS));
}
