import { DeploymentState } from '../../protocol/index.js';

/** What is observed about a deployment after each round. */
export const DeploymentEvent = {
  /** As many replicas run as are wanted, and no other version is being started. */
  SETTLED: 'SETTLED',
  /** Replicas are missing, but none has failed. */
  CHANGED: 'CHANGED',
  /** Replicas are missing because some died or could not start. */
  FAILED: 'FAILED',
  /** Their replacements die or cannot start too. */
  KEEPS_FAILING: 'KEEPS_FAILING',
} as const;
export type DeploymentEvent = (typeof DeploymentEvent)[keyof typeof DeploymentEvent];

export const DEPLOYMENT_TRANSITIONS = {
  UPDATING: { SETTLED: DeploymentState.HEALTHY, FAILED: DeploymentState.UNHEALTHY, KEEPS_FAILING: DeploymentState.FAILED },
  HEALTHY: { CHANGED: DeploymentState.UPDATING, FAILED: DeploymentState.UNHEALTHY, KEEPS_FAILING: DeploymentState.FAILED },
  UNHEALTHY: { SETTLED: DeploymentState.HEALTHY, CHANGED: DeploymentState.UPDATING, KEEPS_FAILING: DeploymentState.FAILED },
  FAILED: { SETTLED: DeploymentState.HEALTHY, CHANGED: DeploymentState.UPDATING },
} as const satisfies Record<DeploymentState, Partial<Record<DeploymentEvent, DeploymentState>>>;

/** The state after `event`; the same state if nothing changes. */
export function nextDeploymentState(state: DeploymentState, event: DeploymentEvent): DeploymentState {
  const row: Partial<Record<DeploymentEvent, DeploymentState>> = DEPLOYMENT_TRANSITIONS[state];
  return row[event] ?? state;
}
