import { ReplicaState } from '../../protocol/index.js';

/** What happens to a replica. */
export const ReplicaEvent = {
  /** Its process listens, what it depends on runs, and it is told what to be. */
  INITIALIZE: 'INITIALIZE',
  /** Its constructor returned. */
  READY: 'READY',
  /** It is not wanted any more and may finish what it has begun. */
  DRAIN: 'DRAIN',
  /** Its process is to end now. */
  STOP: 'STOP',
  /** Its process is gone. */
  EXITED: 'EXITED',
} as const;
export type ReplicaEvent = (typeof ReplicaEvent)[keyof typeof ReplicaEvent];

/** Every transition there is; an event that a state does not name is refused. */
export const REPLICA_TRANSITIONS = {
  STARTING: { INITIALIZE: ReplicaState.INITIALIZING, STOP: ReplicaState.STOPPING, EXITED: ReplicaState.STOPPED },
  INITIALIZING: { READY: ReplicaState.RUNNING, STOP: ReplicaState.STOPPING, EXITED: ReplicaState.STOPPED },
  RUNNING: { DRAIN: ReplicaState.DRAINING, STOP: ReplicaState.STOPPING, EXITED: ReplicaState.STOPPED },
  DRAINING: { STOP: ReplicaState.STOPPING, EXITED: ReplicaState.STOPPED },
  STOPPING: { EXITED: ReplicaState.STOPPED },
  STOPPED: {},
} as const satisfies Record<ReplicaState, Partial<Record<ReplicaEvent, ReplicaState>>>;

/** The state that `event` leads to, or `null` where the state does not take it. */
export function nextReplicaState(state: ReplicaState, event: ReplicaEvent): ReplicaState | null {
  const row: Partial<Record<ReplicaEvent, ReplicaState>> = REPLICA_TRANSITIONS[state];
  return row[event] ?? null;
}
