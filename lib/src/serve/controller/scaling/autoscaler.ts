import type { AutoscalingConfig } from '../../protocol/index.js';

/** What the policy remembers from one decision to the next; times are milliseconds since the epoch. */
export interface ScalingState {
  /** Since when more replicas have been wanted without a break; `null` where they are not. */
  readonly upSince: number | null;
  /** Since when fewer have been enough without a break. */
  readonly downSince: number | null;
}

export const initialScaling: ScalingState = { upSince: null, downSince: null };

export interface ScalingInput {
  readonly config: AutoscalingConfig;
  /** Requests, worked on or waiting, of all routers: the mean over the look-back period. */
  readonly average: number;
  /** The same at this moment. */
  readonly present: number;
  /** Replicas that are wanted now, whether they run yet or not. */
  readonly current: number;
  readonly now: number;
  readonly state: ScalingState;
  /** What a policy of the user's own wants. @default {@link suggestedReplicas} */
  readonly wanted?: number;
}

export interface ScalingDecision {
  readonly desired: number;
  readonly state: ScalingState;
}

/** Sums of fractions of time are not exact, and a replica more for a rounding error would be silly. */
const EPSILON = 1e-9;

/**
 * How many replicas there should be. Pure: no clock, no randomness.
 *
 * What is wanted has to be wanted for the whole delay before it happens, and holds within the bounds. From zero the first request counts at
 * once: somebody waits.
 */
export function autoscale(input: ScalingInput): ScalingDecision {
  const { config, average, present, current, now, state } = input;
  const { minReplicas, maxReplicas, upscaleDelayMs, downscaleDelayMs } = config;
  const within = (count: number): number => Math.min(maxReplicas, Math.max(minReplicas, count));
  // Bounds that were changed hold at once.
  if (current !== within(current)) return { desired: within(current), state: initialScaling };
  const asked = input.wanted ?? suggestedReplicas(config, average, present, current);
  if (current === 0 && present > 0) return { desired: within(Math.max(1, asked)), state: initialScaling };
  const wanted = within(asked);
  // Somebody is being served: the last replica stays although the mean has come down to nothing yet.
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
 * The load over `targetOngoingRequests`, the step towards it scaled by the up or down factor; bounds and delays are not in it.
 * The formula is that of Ray Serve's `_calculate_desired_num_replicas`.
 */
export function suggestedReplicas(config: AutoscalingConfig, average: number, present: number, current: number): number {
  if (current === 0) return present > 0 ? Math.max(1, Math.ceil(config.upscalingFactor - EPSILON)) : 0;
  const ratio = average / current / config.targetOngoingRequests;
  const factor = ratio >= 1 ? config.upscalingFactor : config.downscalingFactor;
  const wanted = Math.max(0, Math.ceil(current * (1 + (ratio - 1) * factor) - EPSILON));
  // A small factor would keep an idle deployment from ever getting smaller, because of the rounding up.
  return average === 0 && wanted === current ? current - 1 : wanted;
}
