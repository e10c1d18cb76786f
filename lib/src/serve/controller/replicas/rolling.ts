import type { DeploymentSpec, RollingUpdate } from '../../protocol/index.js';
import type { AppTarget } from '../target/index.js';

export interface RollingInput {
  readonly update: RollingUpdate;
  /** Replicas that the version which is being replaced is to have, and those of it that are alive. */
  readonly oldWanted: number;
  readonly oldAlive: number;
  /** Replicas that the new version is to have in the end, and those of it that run. */
  readonly newWanted: number;
  readonly newRunning: number;
}

/**
 * How many replicas of either version there are to be at this moment of a rolling update. Pure.
 * Both together are never more than the larger version and `maxSurge`; those that serve are never fewer than the old version had, less `maxUnavailable`.
 */
export function rollingCounts({ update, oldWanted, oldAlive, newWanted, newRunning }: RollingInput): {
  readonly old: number;
  readonly new: number;
} {
  const larger = Math.max(oldWanted, newWanted);
  const surge = amountOf(update.maxSurge, larger, Math.ceil);
  // As in Kubernetes: shares are rounded so that they are kept, and something must be able to move.
  const unavailable = Math.max(surge === 0 ? 1 : 0, amountOf(update.maxUnavailable, larger, Math.floor));
  const old = Math.max(0, oldWanted - newRunning - unavailable);
  return { old, new: Math.min(newWanted, Math.max(0, larger + surge - Math.max(old, oldAlive))) };
}

/** The deployment of the next version that takes over from the live one of this name replica by replica; `undefined` where none does. */
export function rollsInto({ live, next }: AppTarget, name: string): DeploymentSpec | undefined {
  const before = live?.spec.deployments.find((spec) => spec.name === name);
  const after = next?.spec.deployments.find((spec) => spec.name === name);
  if (before === undefined || after?.config.rollingUpdate === undefined) return undefined;
  return before.replicaHash === after.replicaHash ? undefined : after;
}

function amountOf(amount: RollingUpdate['maxSurge'], replicas: number, round: (share: number) => number): number {
  return typeof amount === 'number' ? amount : round((replicas * Number.parseFloat(amount)) / 100);
}
