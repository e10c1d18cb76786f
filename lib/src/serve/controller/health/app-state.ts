import { AppState } from '../../protocol/index.js';

/** Events of an application. */
export const AppEvent = {
  /** A version was accepted. */
  DEPLOY: 'DEPLOY',
  /** The version runs and gets the requests, or the version before stayed in its place. */
  SERVE: 'SERVE',
  /** The first version could not be started. */
  FAIL: 'FAIL',
  /** A deployment of the live version is short of replicas. */
  DEGRADE: 'DEGRADE',
  /** A deployment of the live version has no running replica, but none has failed. */
  LACK: 'LACK',
  DELETE: 'DELETE',
} as const;
export type AppEvent = (typeof AppEvent)[keyof typeof AppEvent];

export const APP_TRANSITIONS = {
  DEPLOYING: {
    SERVE: AppState.RUNNING,
    DEGRADE: AppState.UNHEALTHY,
    FAIL: AppState.DEPLOY_FAILED,
    DELETE: AppState.DELETING,
  },
  RUNNING: { DEPLOY: AppState.DEPLOYING, DEGRADE: AppState.UNHEALTHY, LACK: AppState.UNHEALTHY, DELETE: AppState.DELETING },
  UNHEALTHY: { DEPLOY: AppState.DEPLOYING, SERVE: AppState.RUNNING, DELETE: AppState.DELETING },
  DEPLOY_FAILED: { DEPLOY: AppState.DEPLOYING, DELETE: AppState.DELETING },
  DELETING: { DEPLOY: AppState.DEPLOYING },
} as const satisfies Record<AppState, Partial<Record<AppEvent, AppState>>>;

/** The state after `event`; the same state if nothing changes. */
export function nextAppState(state: AppState, event: AppEvent): AppState {
  const row: Partial<Record<AppEvent, AppState>> = APP_TRANSITIONS[state];
  return row[event] ?? state;
}
