import type { AutoscalingConfig } from '../../protocol/index.js';

/** What is kept from one decision to the next. Times are milliseconds since the epoch. */
export interface ScalingState {
  /** Time since which more replicas have been wanted without interruption; `null` if they are not. */
  readonly upSince: number | null;
  /** Time since which fewer have been enough without interruption. */
  readonly downSince: number | null;
}

export const initialScaling: ScalingState = { upSince: null, downSince: null };

export interface ScalingInput {
  readonly config: AutoscalingConfig;
  /** Number of requests of all routers, in progress or waiting: the mean over the look-back period. */
  readonly average: number;
  /** The same number at this moment. */
  readonly present: number;
  /** Number of replicas that are wanted now, including those that do not run yet. */
  readonly current: number;
  readonly now: number;
  readonly state: ScalingState;
  /** What the user's own policy wants. @default {@link suggestedReplicas} */
  readonly wanted?: number;
}

export interface ScalingDecision {
  readonly desired: number;
  readonly state: ScalingState;
}

/** Sums of fractions of time are not exact, and a rounding error must not add a replica. */
const EPSILON = 1e-9;

/**
 * Decides how many replicas there should be. Pure: no clock, no randomness.
 * A new number takes effect only if it has been wanted for the whole delay, and it is limited by the bounds. If there are no replicas, the first
 * request takes effect at once, because its caller waits.
 */
export function autoscale(input: ScalingInput): ScalingDecision {
  const { config, average, present, current, now, state } = input;
  const { minReplicas, maxReplicas, upscaleDelayMs, downscaleDelayMs } = config;
  const within = (count: number): number => Math.min(maxReplicas, Math.max(minReplicas, count));
  // Changed bounds take effect at once.
  if (current !== within(current)) return { desired: within(current), state: initialScaling };
  const asked = input.wanted ?? suggestedReplicas(config, average, present, current);
  if (current === 0 && present > 0) return { desired: within(Math.max(1, asked)), state: initialScaling };
  const wanted = within(asked);
  // A request is in progress, so the last replica stays even if the mean is almost zero.
  const target = wanted === 0 && present > 0 ? 1 : wanted;
  if (target > current) {
    const upSince = state.upSince ?? now;
    if (now - upSince < upscaleDelayMs) return { desired: current, state: { upSince, downSince: null } };
    return { desired: target, state: initialScaling };
  }
  if (target < current) {
    const downSince = state.downSince ?? now;
    if (now - downSince < downscaleDelayMs) return { desired: current, state: { upSince: null, downSince } };
    return { desired: target, state: initialScaling };
  }
  return { desired: current, state: initialScaling };
}

/**
 * Divides the load by `targetOngoingRequests`, and scales the step to the result by the up or down factor. Bounds and delays are not applied.
 * The formula is that of Ray Serve's `_calculate_desired_num_replicas`.
 */
export function suggestedReplicas(config: AutoscalingConfig, average: number, present: number, current: number): number {
  if (current === 0) return present > 0 ? Math.max(1, Math.ceil(config.upscalingFactor - EPSILON)) : 0;
  const ratio = average / current / config.targetOngoingRequests;
  const factor = ratio >= 1 ? config.upscalingFactor : config.downscalingFactor;
  const wanted = Math.max(0, Math.ceil(current * (1 + (ratio - 1) * factor) - EPSILON));
  // With a small factor, rounding up would keep an idle deployment from ever getting smaller.
  return average === 0 && wanted === current ? current - 1 : wanted;
}
