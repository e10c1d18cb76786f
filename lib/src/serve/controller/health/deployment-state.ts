import { DeploymentState } from '../../protocol/index.js';

/** What is seen of a deployment after each round. */
export const DeploymentEvent = {
  /** As many replicas run as are wanted, and no other version is on its way. */
  SETTLED: 'SETTLED',
  /** Replicas are missing, and none has failed. */
  CHANGED: 'CHANGED',
  /** Replicas are missing because some died or could not start. */
  FAILED: 'FAILED',
  /** Those that replace them die or cannot start as well. */
  KEEPS_FAILING: 'KEEPS_FAILING',
} as const;
export type DeploymentEvent = (typeof DeploymentEvent)[keyof typeof DeploymentEvent];

export const DEPLOYMENT_TRANSITIONS = {
  UPDATING: { SETTLED: DeploymentState.HEALTHY, FAILED: DeploymentState.UNHEALTHY, KEEPS_FAILING: DeploymentState.FAILED },
  HEALTHY: { CHANGED: DeploymentState.UPDATING, FAILED: DeploymentState.UNHEALTHY, KEEPS_FAILING: DeploymentState.FAILED },
  UNHEALTHY: { SETTLED: DeploymentState.HEALTHY, CHANGED: DeploymentState.UPDATING, KEEPS_FAILING: DeploymentState.FAILED },
  FAILED: { SETTLED: DeploymentState.HEALTHY, CHANGED: DeploymentState.UPDATING },
} as const satisfies Record<DeploymentState, Partial<Record<DeploymentEvent, DeploymentState>>>;

/** The state after `event`; the same one where nothing changes. */
export function nextDeploymentState(state: DeploymentState, event: DeploymentEvent): DeploymentState {
  const row: Partial<Record<DeploymentEvent, DeploymentState>> = DEPLOYMENT_TRANSITIONS[state];
  return row[event] ?? state;
}
