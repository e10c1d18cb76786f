import type { Log } from '../../../core/index.js';
import type { Blocked, NodeInfo } from '../../../engine/index.js';
import {
  type Allocation,
  type DeploymentConfig,
  type DeploymentKey,
  deploymentKey,
  type ReplicaReady,
  type ReplicaRoute,
  ReplicaState,
} from '../../protocol/index.js';
import { appOf, type GroupKey, groupKey } from '../target/index.js';
import { addFailure, type Failure } from './back-off.js';
import { nextReplicaState, type ReplicaEvent } from './replica-state.js';

/** One replica as it is. Only {@link ActualState} changes it. */
export interface ReplicaRecord {
  /** `Chat#k3f9a2`; also the id and label of its process. */
  readonly id: string;
  readonly app: string;
  readonly deployment: string;
  readonly replicaHash: string;
  /** Version of the application that it was started for. */
  readonly generation: number;
  readonly group: GroupKey;
  readonly path: string;
  /** What routers are told of it: the same object for as long as it lives, so that what did not change is seen at a glance. */
  readonly route: ReplicaRoute;
  readonly startedAt: number;
  /** What it holds of its node; `null` is nothing. */
  readonly allocation: Allocation | null;
  /** Its process was a spare one. */
  readonly warm: boolean;
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
  /** It did not answer its health check in time, and is being ended. */
  hung: boolean;
  /** A call blocks its main thread, as far as is known. */
  blocked: Blocked | null;
  /** Since when it has not answered a health check, with no call known that blocks it. */
  silentSince: number | null;
}

export type NewReplica = Pick<
  ReplicaRecord,
  'id' | 'app' | 'deployment' | 'replicaHash' | 'generation' | 'path' | 'config' | 'allocation'
> &
  Partial<Pick<ReplicaRecord, 'warm'>>;

/** Replicas of a group that cannot be started because they do not fit. */
export interface Pending {
  readonly reason: string;
  readonly since: number;
}

/** What the deciders may read. */
export interface ActualView {
  readonly replicas: ReadonlyMap<string, Readonly<ReplicaRecord>>;
  readonly groups: ReadonlyMap<GroupKey, readonly Readonly<ReplicaRecord>[]>;
  readonly failures: ReadonlyMap<GroupKey, Failure>;
  readonly offers: ReadonlyMap<GroupKey, ReplicaReady>;
  readonly pending: ReadonlyMap<GroupKey, Pending>;
  /** A number for each application that is another one after each change of its replicas' states and of what is known of its groups. */
  readonly revisions: ReadonlyMap<string, number>;
  /** The newest of them. */
  readonly revision: number;
  /** `null` where they were not asked for yet. */
  readonly nodes: readonly NodeInfo[] | null;
  /** Generations whose switch is being carried out. */
  readonly switching: ReadonlySet<number>;
}

/** What is known of groups; tells of each change. */
class GroupTable<V> extends Map<GroupKey, V> {
  readonly #onChange: (group: GroupKey) => void;

  constructor(onChange: (group: GroupKey) => void) {
    super();
    this.#onChange = onChange;
  }

  override set(group: GroupKey, value: V): this {
    this.#onChange(group);
    return super.set(group, value);
  }

  override delete(group: GroupKey): boolean {
    this.#onChange(group);
    return super.delete(group);
  }
}

/** What there is: replicas, and what is known of their groups. Lost with the process; made anew from what runs. */
export class ActualState implements ActualView {
  readonly replicas = new Map<string, ReplicaRecord>();
  // Kept up to date rather than made anew: rounds are many, and each looks at every group.
  readonly groups = new Map<GroupKey, readonly ReplicaRecord[]>();
  readonly failures = new GroupTable<Failure>((group) => this.#changed(appOf(group)));
  readonly offers = new GroupTable<ReplicaReady>((group) => this.#changed(appOf(group)));
  readonly pending = new GroupTable<Pending>((group) => this.#changed(appOf(group)));
  readonly revisions = new Map<string, number>();
  /** Replicas that do not work yet. */
  readonly comingUp = new Set<Readonly<ReplicaRecord>>();
  nodes: readonly NodeInfo[] | null = null;
  readonly switching = new Set<number>();
  readonly #log: Pick<Log, 'info'>;
  revision = 0;

  constructor(log: Pick<Log, 'info'>) {
    this.#log = log;
  }

  add(replica: NewReplica, now: number): ReplicaRecord {
    const { id, app, deployment, replicaHash, generation, path, config, allocation, warm = false } = replica;
    // Written out: objects made by spreading have a hidden class each, and rounds over thousands of them took ten times as long.
    const added: ReplicaRecord = {
      id,
      app,
      deployment,
      replicaHash,
      generation,
      group: groupKey(app, deployment, replicaHash),
      path,
      route: { id, path },
      startedAt: now,
      allocation,
      warm,
      state: ReplicaState.STARTING,
      since: now,
      connected: false,
      pid: null,
      config,
      drained: false,
      hung: false,
      blocked: null,
      silentSince: null,
    };
    this.replicas.set(added.id, added);
    this.comingUp.add(added);
    this.groups.set(added.group, [...(this.groups.get(added.group) ?? []), added]);
    this.#changed(app);
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
    this.#changed(replica.app);
    if (!isComingUp(replica)) this.comingUp.delete(replica);
    if (state === ReplicaState.STOPPED) this.#remove(replica);
    return true;
  }

  /** False if that was known. */
  setBlocked(id: string, blocked: Blocked | null): boolean {
    const replica = this.replicas.get(id);
    if (replica === undefined) return false;
    const { blocked: before } = replica;
    if (before?.since === blocked?.since && before?.isOver === blocked?.isOver) return false;
    replica.blocked = blocked;
    this.#changed(replica.app);
    return true;
  }

  /** False if that was known. */
  setSilent(id: string, since: number | null): boolean {
    const replica = this.replicas.get(id);
    if (replica === undefined || replica.silentSince === since) return false;
    replica.silentSince = since;
    this.#changed(replica.app);
    return true;
  }

  #changed(app: string): void {
    this.revision += 1;
    this.revisions.set(app, this.revision);
  }

  #remove({ id, group }: ReplicaRecord): void {
    this.replicas.delete(id);
    const left = (this.groups.get(group) ?? []).filter((other) => other.id !== id);
    if (left.length > 0) this.groups.set(group, left);
    else this.groups.delete(group);
  }

  fail(group: GroupKey, error: Error, ranMs: number | null, now: number): void {
    this.failures.set(group, addFailure(this.failures.get(group), error, ranMs, now));
  }

  /** Forgets what failed before the replicas of a deployment that run now; what is known of versions without any stays. */
  forgive(app: string, deployment: string): void {
    for (const [group, replicas] of this.groups) {
      const isIts = replicas.some(
        (one) => one.app === app && one.deployment === deployment && one.state === ReplicaState.RUNNING,
      );
      if (isIts && this.failures.has(group)) this.failures.delete(group);
    }
  }

  /** Forgets what is known of groups that nobody wants and nobody is in. */
  forget(wanted: ReadonlyMap<GroupKey, unknown>): void {
    for (const known of [this.failures, this.offers, this.pending]) {
      for (const group of known.keys()) if (!wanted.has(group)) known.delete(group);
    }
  }
}

/** Replicas that count towards what is wanted. */
export function isReplicaAlive(replica: Pick<ReplicaRecord, 'state'>): boolean {
  return isComingUp(replica) || replica.state === ReplicaState.RUNNING;
}

/** Replicas that do not work yet. */
export function isComingUp({ state }: Pick<ReplicaRecord, 'state'>): boolean {
  return state === ReplicaState.STARTING || state === ReplicaState.INITIALIZING;
}

/** How many replicas of a deployment take requests, whatever their version. */
export function runningOf({ replicas }: Pick<ActualView, 'replicas'>, app: string, deployment: string): number {
  let count = 0;
  for (const replica of replicas.values())
    if (replica.state === ReplicaState.RUNNING && replica.app === app && replica.deployment === deployment) count += 1;
  return count;
}

/** Replicas by group; only groups that have some. */
export function byGroup({ groups }: Pick<ActualView, 'groups'>): ActualView['groups'] {
  return groups;
}

/** Replicas by deployment, of whatever version. */
export function byDeployment({ groups }: Pick<ActualView, 'groups'>): Map<DeploymentKey, readonly Readonly<ReplicaRecord>[]> {
  const deployments = new Map<DeploymentKey, readonly Readonly<ReplicaRecord>[]>();
  for (const replicas of groups.values()) {
    const [first] = replicas;
    if (first === undefined) continue;
    const key = deploymentKey(first.app, first.deployment);
    deployments.set(key, [...(deployments.get(key) ?? []), ...replicas]);
  }
  return deployments;
}
