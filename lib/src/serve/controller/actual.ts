import type { Log } from '../../core/index.js';
import type { NodeInfo } from '../../engine/index.js';
import { type Allocation, type DeploymentConfig, type ReplicaReady, ReplicaState } from '../protocol/index.js';
import { addFailure, type Failure } from './back-off.js';
import { nextReplicaState, type ReplicaEvent } from './replica-state.js';
import { type GroupKey, groupKey } from './target.js';

/** One replica as it is. Only {@link ActualState} changes it. */
export interface Replica {
  /** `Chat#k3f9a2`; also the id and label of its process. */
  readonly id: string;
  readonly app: string;
  readonly deployment: string;
  readonly replicaHash: string;
  /** Version of the application that it was started for. */
  readonly generation: number;
  readonly group: GroupKey;
  readonly path: string;
  readonly startedAt: number;
  /** What it holds of its node; `null` is nothing. */
  readonly allocation: Allocation | null;
  state: ReplicaState;
  /** Since when it has been in `state`. */
  since: number;
  /** Its process listens and the controller has a connection to it. */
  connected: boolean;
  pid: number | null;
  /** The numbers that it works with; `null` where a controller before this one gave them. */
  config: DeploymentConfig | null;
  /** It has finished what it had begun, or its time for that is over. */
  drained: boolean;
}

export type NewReplica = Pick<
  Replica,
  'id' | 'app' | 'deployment' | 'replicaHash' | 'generation' | 'path' | 'config' | 'allocation'
>;

/** Replicas of a group that cannot be started because they do not fit. */
export interface Pending {
  readonly reason: string;
  readonly since: number;
}

/** What the deciders may read. */
export interface ActualView {
  readonly replicas: ReadonlyMap<string, Readonly<Replica>>;
  readonly failures: ReadonlyMap<GroupKey, Failure>;
  readonly offers: ReadonlyMap<GroupKey, ReplicaReady>;
  readonly pending: ReadonlyMap<GroupKey, Pending>;
  /** `null` where they were not asked for yet. */
  readonly nodes: readonly NodeInfo[] | null;
  /** Generations whose switch is being carried out. */
  readonly switching: ReadonlySet<number>;
}

/** What there is: replicas, and what is known of their groups. Lost with the process; made anew from what runs. */
export class ActualState implements ActualView {
  readonly replicas = new Map<string, Replica>();
  readonly failures = new Map<GroupKey, Failure>();
  readonly offers = new Map<GroupKey, ReplicaReady>();
  readonly pending = new Map<GroupKey, Pending>();
  nodes: readonly NodeInfo[] | null = null;
  readonly switching = new Set<number>();
  readonly #log: Pick<Log, 'info'>;

  constructor(log: Pick<Log, 'info'>) {
    this.#log = log;
  }

  add(replica: NewReplica, now: number): Replica {
    const added: Replica = {
      ...replica,
      group: groupKey(replica.app, replica.deployment, replica.replicaHash),
      startedAt: now,
      state: ReplicaState.STARTING,
      since: now,
      connected: false,
      pid: null,
      drained: false,
    };
    this.replicas.set(added.id, added);
    this.#log.info(`replica ${added.id} of ${added.app}: ${added.state}`);
    return added;
  }

  /** The one setter of a replica's state. False where the state does not take the event: it came too late. */
  transition(id: string, event: ReplicaEvent, now: number): boolean {
    const replica = this.replicas.get(id);
    if (replica === undefined) return false;
    const state = nextReplicaState(replica.state, event);
    if (state === null) return false;
    this.#log.info(`replica ${id} of ${replica.app}: ${replica.state} -> ${state} (${event})`);
    replica.state = state;
    replica.since = now;
    if (state === ReplicaState.STOPPED) this.replicas.delete(id);
    return true;
  }

  fail(group: GroupKey, error: Error, ranMs: number | null, now: number): void {
    this.failures.set(group, addFailure(this.failures.get(group), error, ranMs, now));
  }

  /** Forgets what is known of groups that nobody wants and nobody is in. */
  forget(wanted: ReadonlyMap<GroupKey, unknown>): void {
    for (const known of [this.failures, this.offers, this.pending]) {
      for (const group of known.keys()) if (!wanted.has(group)) known.delete(group);
    }
  }
}

/** Replicas that count towards what is wanted. */
export function isAlive({ state }: Pick<Replica, 'state'>): boolean {
  return state === ReplicaState.STARTING || state === ReplicaState.INITIALIZING || state === ReplicaState.RUNNING;
}

/** Replicas by group. */
export function byGroup(actual: ActualView): Map<GroupKey, Readonly<Replica>[]> {
  const groups = new Map<GroupKey, Readonly<Replica>[]>();
  for (const replica of actual.replicas.values()) {
    const group = groups.get(replica.group);
    if (group === undefined) groups.set(replica.group, [replica]);
    else group.push(replica);
  }
  return groups;
}
