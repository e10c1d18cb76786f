import { ReplicaState } from '../../protocol/index.js';

/** Events of a replica. */
export const ReplicaEvent = {
  /** Its process listens, its dependencies run, and it gets `initialize`. */
  INITIALIZE: 'INITIALIZE',
  /** Its constructor returned. */
  READY: 'READY',
  /** It is no longer wanted, and may finish the requests that it has begun. */
  DRAIN: 'DRAIN',
  /** Its process must end now. */
  STOP: 'STOP',
  /** Its process has ended. */
  EXITED: 'EXITED',
} as const;
export type ReplicaEvent = (typeof ReplicaEvent)[keyof typeof ReplicaEvent];

/** All transitions. A state refuses an event that is not listed. */
export const REPLICA_TRANSITIONS = {
  STARTING: { INITIALIZE: ReplicaState.INITIALIZING, STOP: ReplicaState.STOPPING, EXITED: ReplicaState.STOPPED },
  INITIALIZING: { READY: ReplicaState.RUNNING, STOP: ReplicaState.STOPPING, EXITED: ReplicaState.STOPPED },
  RUNNING: { DRAIN: ReplicaState.DRAINING, STOP: ReplicaState.STOPPING, EXITED: ReplicaState.STOPPED },
  DRAINING: { STOP: ReplicaState.STOPPING, EXITED: ReplicaState.STOPPED },
  STOPPING: { EXITED: ReplicaState.STOPPED },
  STOPPED: {},
} as const satisfies Record<ReplicaState, Partial<Record<ReplicaEvent, ReplicaState>>>;

/** The state after `event`, or `null` if the state does not accept it. */
export function nextReplicaState(state: ReplicaState, event: ReplicaEvent): ReplicaState | null {
  const row: Partial<Record<ReplicaEvent, ReplicaState>> = REPLICA_TRANSITIONS[state];
  return row[event] ?? null;
}
