import { type CanaryRules, CanaryState } from '../../protocol/index.js';
import { type CanaryEvent, nextCanaryState } from './canary-state.js';

/** A canary as it is written down. */
export interface CanaryTrial {
  readonly rules: CanaryRules;
  /** Application that is tried, and the one that it is compared with. */
  readonly to: string;
  readonly from: string;
  readonly state: CanaryState;
  /** Index into `rules.steps`. */
  readonly step: number;
  /** p95 of the base in the last step in which it had enough requests; `null` before that. */
  readonly baseP95Ms: number | null;
  /** Why it ended; empty while it runs. */
  readonly message: string;
  /** Milliseconds since the epoch, as all times here. */
  readonly startedAt: number;
  readonly changedAt: number;
}

/** Part of the requests that the canary gets. */
export function canaryWeight({ state, step, rules }: CanaryTrial): number {
  if (state === CanaryState.RUNNING) return rules.steps[step] ?? 1;
  return state === CanaryState.PROMOTED ? 1 : 0;
}

/** The canary after something ended it. */
export function endCanary(canary: CanaryTrial, event: CanaryEvent, message: string, now: number): CanaryTrial {
  const state = nextCanaryState(canary.state, event);
  return state === canary.state ? canary : { ...canary, state, message, changedAt: now };
}
