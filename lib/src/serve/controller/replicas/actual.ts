import type { Log } from '../../../core/index.js';
import type { Blocked, NodeInfo } from '../../../engine/index.js';
import {
  type Allocation,
  type DeploymentConfig,
  type DeploymentKey,
  deploymentKey,
  type ModelStatus,
  type ReplicaReady,
  type ReplicaRoute,
  ReplicaState,
} from '../../protocol/index.js';
import { appOf, type GroupKey, groupKey } from '../target/index.js';
import { addFailure, type Failure } from './back-off.js';
import { nextReplicaState, type ReplicaEvent } from './replica-state.js';

/** What is known about one replica. Only {@link ActualState} changes it. */
export interface ReplicaRecord {
  /** `Chat#k3f9a2`; also the id and label of its process. */
  readonly id: string;
  readonly app: string;
  readonly deployment: string;
  readonly replicaHash: string;
  /** Number of the version of the application that it was started for. */
  readonly generation: number;
  readonly group: GroupKey;
  /** The path of its Unix socket. If the cluster is on several machines, and it listens, its place (`Engine.start`). */
  path: string;
  /**
   * The route that routers get. From when the replica listens, it is the same object for as long as the replica lives, so that a comparison by identity
   * shows that it did not change.
   */
  route: ReplicaRoute;
  readonly startedAt: number;
  /** What it occupies of its node; `null` means nothing. */
  readonly allocation: Allocation | null;
  /** True if its process was a spare one. */
  readonly warm: boolean;
  state: ReplicaState;
  /** Time of the last change of `state`. */
  since: number;
  /** True if its process listens and the controller has a connection to it. */
  connected: boolean;
  pid: number | null;
  /** The configuration that it has; `null` if an earlier controller set it. */
  config: DeploymentConfig | null;
  /** True if it has finished the requests that it had begun, or its time for that is over. */
  drained: boolean;
  /** True if it did not answer its health check in time and is being ended. */
  hung: boolean;
  /** The call that blocks its main thread, as far as is known. */
  blocked: Blocked | null;
  /** Time since which it has not answered a health check although no known call blocks it. */
  silentSince: number | null;
  /** The models that it has loaded, as it last said. */
  models: readonly ModelStatus[];
}

export type NewReplica = Pick<
  ReplicaRecord,
  'id' | 'app' | 'deployment' | 'replicaHash' | 'generation' | 'path' | 'config' | 'allocation'
> &
  Partial<Pick<ReplicaRecord, 'warm'>>;

/** Replicas of a group that cannot be started because they do not fit on a node. */
export interface Pending {
  readonly reason: string;
  readonly since: number;
}

/** A replica whose node was lost. */
interface LostReplica {
  readonly id: string;
  readonly at: number;
}

/** For this time, routers are told that the node of a replica was lost. They need to hear it once. */
const TELL_LOST_MS = 300_000;

/** The installation of the npm packages of a group. */
export interface Equipment {
  /** The folder in which they are installed; `null` while they are being installed. */
  readonly folder: string | null;
  /** Their names, for people. */
  readonly names: string;
}

/** What the deciding functions may read. */
export interface ActualView {
  readonly replicas: ReadonlyMap<string, Readonly<ReplicaRecord>>;
  readonly groups: ReadonlyMap<GroupKey, readonly Readonly<ReplicaRecord>[]>;
  readonly failures: ReadonlyMap<GroupKey, Failure>;
  /** Why the next version does not get its replicas of a group: there is no room. The running version may have replicas of the same group. */
  readonly refusals: ReadonlyMap<GroupKey, Error>;
  readonly offers: ReadonlyMap<GroupKey, ReplicaReady>;
  readonly pending: ReadonlyMap<GroupKey, Pending>;
  readonly equipment: ReadonlyMap<GroupKey, Equipment>;
  /** Replicas whose node was lost lately. */
  readonly lost: ReadonlyMap<DeploymentKey, readonly LostReplica[]>;
  /** A number for each application. It changes whenever a state of its replicas or the information on its groups changes. */
  readonly revisions: ReadonlyMap<string, number>;
  /** The newest of these numbers. */
  readonly revision: number;
  /** `null` before they are known. */
  readonly nodes: readonly NodeInfo[] | null;
  /** Generations to which traffic is being switched. */
  readonly switching: ReadonlySet<number>;
}

/** Information on groups. It reports each change. */
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

/** The replicas, and what is known about their groups. It is lost with the process, and made again from the running replicas. */
export class ActualState implements ActualView {
  readonly replicas = new Map<string, ReplicaRecord>();
  // This is updated and not computed each time, because there are many rounds, and each looks at every group.
  readonly groups = new Map<GroupKey, readonly ReplicaRecord[]>();
  readonly failures = new GroupTable<Failure>((group) => this.#changed(appOf(group)));
  readonly refusals = new GroupTable<Error>((group) => this.#changed(appOf(group)));
  readonly offers = new GroupTable<ReplicaReady>((group) => this.#changed(appOf(group)));
  readonly pending = new GroupTable<Pending>((group) => this.#changed(appOf(group)));
  readonly equipment = new GroupTable<Equipment>((group) => this.#changed(appOf(group)));
  readonly lost = new Map<DeploymentKey, readonly LostReplica[]>();
  readonly revisions = new Map<string, number>();
  /** Replicas that are still starting. */
  readonly comingUp = new Set<ReplicaRecord>();
  nodes: readonly NodeInfo[] | null = null;
  readonly switching = new Set<number>();
  readonly #log: Pick<Log, 'info'>;
  revision = 0;

  constructor(log: Pick<Log, 'info'>) {
    this.#log = log;
  }

  /** Notes the place at which its process listens. */
  placed(replica: ReplicaRecord, place: string): void {
    if (replica.path === place) return;
    replica.path = place;
    replica.route = { id: replica.id, path: place };
  }

  add(replica: NewReplica, now: number): ReplicaRecord {
    const { id, app, deployment, replicaHash, generation, path, config, allocation, warm = false } = replica;
    // The fields are written out: objects made by spread get separate hidden classes, and rounds over thousands of them took ten times as long.
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
      models: [],
    };
    this.replicas.set(added.id, added);
    this.comingUp.add(added);
    this.groups.set(added.group, [...(this.groups.get(added.group) ?? []), added]);
    this.#changed(app);
    this.#log.info(`replica ${added.id} of ${added.app}: ${added.state}`);
    return added;
  }

  /** Time in which nothing could run does not count for what has a time limit: the starts, and the waits for room. */
  addLostTime(lostMs: number): void {
    for (const replica of this.comingUp) replica.since += lostMs;
    for (const [group, pending] of this.pending) this.pending.set(group, { ...pending, since: pending.since + lostMs });
  }

  /** The only setter of a replica's state. Returns false if the state does not accept the event, because it came too late. */
  transition(id: string, event: ReplicaEvent, now: number): boolean {
    const replica = this.replicas.get(id);
    if (replica === undefined) return false;
    const state = nextReplicaState(replica.state, event);
    if (state === null) return false;
    this.#log.info(`replica ${id} of ${replica.app}: ${replica.state} -> ${state} (${event})`);
    const ran = replica.state === ReplicaState.RUNNING;
    replica.state = state;
    replica.since = now;
    this.#changed(replica.app);
    if (!isComingUp(replica)) this.comingUp.delete(replica);
    if (ran) this.#waitAnew(replica.group, now);
    if (state === ReplicaState.STOPPED) this.#remove(replica);
    return true;
  }

  /** If none of the group's replicas runs any more, its wait for room has a limit from now on. Before, nobody waited for the others. */
  #waitAnew(group: GroupKey, now: number): void {
    const pending = this.pending.get(group);
    if (pending === undefined || this.groups.get(group)?.some(({ state }) => state === ReplicaState.RUNNING)) return;
    this.pending.set(group, { ...pending, since: now });
  }

  setModels(id: string, models: readonly ModelStatus[]): void {
    const replica = this.replicas.get(id);
    if (replica === undefined || JSON.stringify(replica.models) === JSON.stringify(models)) return;
    replica.models = models;
    this.#changed(replica.app);
  }

  /** Returns false if this was known. */
  setBlocked(id: string, blocked: Blocked | null): boolean {
    const replica = this.replicas.get(id);
    if (replica === undefined) return false;
    const { blocked: before } = replica;
    const isSame = before?.isOver === blocked?.isOver && before?.isDebugged === blocked?.isDebugged;
    if (before?.since === blocked?.since && isSame) return false;
    replica.blocked = blocked;
    this.#changed(replica.app);
    return true;
  }

  /** Returns false if this was known. */
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

  /** Notes that the last failure of the group no longer matters. */
  overcome(group: GroupKey): void {
    const failure = this.failures.get(group);
    if (failure !== undefined) this.failures.set(group, { ...failure, isOver: true });
  }

  /** A new deploy gives what failed before another chance at once, and its wait for room begins now. */
  renew(group: GroupKey, now: number): void {
    this.failures.delete(group);
    this.refusals.delete(group);
    const pending = this.pending.get(group);
    if (pending !== undefined) this.pending.set(group, { ...pending, since: now });
  }

  /** Notes that the node of a replica was lost. */
  lose({ id, app, deployment }: ReplicaRecord, now: number): void {
    const key = deploymentKey(app, deployment);
    const before = (this.lost.get(key) ?? []).filter(({ at }) => now - at < TELL_LOST_MS);
    this.lost.set(key, [...before, { id, at: now }]);
    this.#changed(app);
  }

  /** Forgets earlier failures of the deployment's running replicas. Failures of versions without running replicas are kept. */
  forgive(app: string, deployment: string): void {
    for (const [group, replicas] of this.groups) {
      const isIts = replicas.some(
        (one) => one.app === app && one.deployment === deployment && one.state === ReplicaState.RUNNING,
      );
      if (isIts && this.failures.has(group)) this.failures.delete(group);
    }
  }

  /** Forgets groups that are not wanted and have no replicas. */
  forget(wanted: ReadonlyMap<GroupKey, unknown>): void {
    for (const known of [this.failures, this.refusals, this.offers, this.pending, this.equipment]) {
      for (const group of known.keys()) if (!wanted.has(group)) known.delete(group);
    }
    if (this.lost.size === 0) return;
    const groups = [...wanted.keys()];
    for (const key of this.lost.keys()) if (!groups.some((group) => group.startsWith(`${key}/`))) this.lost.delete(key);
  }
}

/** Whether a replica counts towards the wanted number. */
export function isReplicaAlive(replica: Pick<ReplicaRecord, 'state'>): boolean {
  return isComingUp(replica) || replica.state === ReplicaState.RUNNING;
}

/** Whether a replica is still starting. */
export function isComingUp({ state }: Pick<ReplicaRecord, 'state'>): boolean {
  return state === ReplicaState.STARTING || state === ReplicaState.INITIALIZING;
}

/** Number of a deployment's replicas that take requests, of all versions. */
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

/** Replicas by deployment, of all versions. */
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
