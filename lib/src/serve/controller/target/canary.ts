import { type CanaryRules, CanaryState } from '../../protocol/index.js';
import { type CanaryEvent, nextCanaryState } from './canary-state.js';

/** A canary as it is stored in the checkpoint. */
export interface CanaryTrial {
  readonly rules: CanaryRules;
  /** The application that is tried, and the one that it is compared with. */
  readonly to: string;
  readonly from: string;
  readonly state: CanaryState;
  /** Index into `rules.steps`. */
  readonly step: number;
  /** The base's p95 in the last step in which the base had enough requests; `null` before that. */
  readonly baseP95Ms: number | null;
  /** Why it ended; empty while it runs. */
  readonly message: string;
  /** Milliseconds since the epoch, like all times here. */
  readonly startedAt: number;
  readonly changedAt: number;
}

/** Share of the requests that the canary gets. */
export function canaryWeight({ state, step, rules }: CanaryTrial): number {
  if (state === CanaryState.RUNNING) return rules.steps[step] ?? 1;
  return state === CanaryState.PROMOTED ? 1 : 0;
}

/** The canary after it has ended. */
export function endCanary(canary: CanaryTrial, event: CanaryEvent, message: string, now: number): CanaryTrial {
  const state = nextCanaryState(canary.state, event);
  return state === canary.state ? canary : { ...canary, state, message, changedAt: now };
}
