import type { DeploymentSpec, RollingUpdate } from '../../protocol/index.js';
import type { AppTarget } from '../target/index.js';

export interface RollingInput {
  readonly update: RollingUpdate;
  /** Number of replicas that the replaced version should have, and number of its living replicas. */
  readonly oldWanted: number;
  readonly oldAlive: number;
  /** Number of replicas that the new version should have in the end, and number of those that run. */
  readonly newWanted: number;
  readonly newRunning: number;
}

/**
 * How many replicas of each version there should be at this moment of a rolling update. Pure.
 * Both versions together never have more than the larger one plus `maxSurge`. Running replicas are never fewer than the old version had, minus
 * `maxUnavailable`.
 */
export function rollingCounts({ update, oldWanted, oldAlive, newWanted, newRunning }: RollingInput): {
  readonly old: number;
  readonly new: number;
} {
  const larger = Math.max(oldWanted, newWanted);
  const surge = amountOf(update.maxSurge, larger, Math.ceil);
  // As in Kubernetes, shares are rounded in the safe direction, and at least one replica must be able to move.
  const unavailable = Math.max(surge === 0 ? 1 : 0, amountOf(update.maxUnavailable, larger, Math.floor));
  const old = Math.max(0, oldWanted - newRunning - unavailable);
  return { old, new: Math.min(newWanted, Math.max(0, larger + surge - Math.max(old, oldAlive))) };
}

/** The deployment of the next version that replaces the live one of this name replica by replica; `undefined` if there is none. */
export function rollsInto({ live, next }: AppTarget, name: string): DeploymentSpec | undefined {
  const before = live?.spec.deployments.find((spec) => spec.name === name);
  const after = next?.spec.deployments.find((spec) => spec.name === name);
  if (before === undefined || after?.config.rollingUpdate === undefined) return undefined;
  return before.replicaHash === after.replicaHash ? undefined : after;
}

function amountOf(amount: RollingUpdate['maxSurge'], replicas: number, round: (share: number) => number): number {
  return typeof amount === 'number' ? amount : round((replicas * Number.parseFloat(amount)) / 100);
}
