import { type Allocation, type DeploymentConfig, partOf, ReplicaState } from '../../protocol/index.js';
import {
  type AppVersion,
  type GroupKey,
  groupKey,
  type TargetState,
  togetherIn,
  type WantedGroup,
  wantedGroups,
} from '../target/index.js';
import type { Action } from './action.js';
import { type ActualView, byGroup, isComingUp, isReplicaAlive, type ReplicaRecord } from './actual.js';
import { presentFailure, provenAt } from './back-off.js';
import { missingDependencies, runningIn } from './dependencies.js';
import { neverFits } from './never-fits.js';
import { Places, takesNothing } from './placement.js';
import { rollingCounts, rollsInto } from './rolling.js';

/** Largest number of processes that start at the same time on each node. More would only slow each other down. */
const MAX_STARTING = 16;
/** After this many deaths of running replicas in a row, a version that is being started is given up. */
const MAX_DEATHS_BEFORE_READY = 3;

/**
 * Compares the target state with the actual state. Pure: the same arguments give the same actions.
 * It guarantees the following. A group never has more living replicas than wanted. A running replica that some version wants is neither drained nor
 * stopped, except by a rolling update within its limits. A running replica is stopped only after it has drained. If nothing fails, repetition ends
 * with no action left.
 * @param now milliseconds since the epoch
 */
export function reconcile(target: TargetState, actual: ActualView, now: number): Action[] {
  const round = new Round(target, actual, now);
  round.versions();
  round.rolling();
  round.groups();
  round.retired();
  round.failures();
  return round.finish();
}

const keysOf = (app: string, { spec }: AppVersion): GroupKey[] =>
  spec.deployments.map(({ name, replicaHash }) => groupKey(app, name, replicaHash));

class Round {
  readonly #wanted;
  readonly #present;
  readonly #actions: Action[] = [];
  /** Groups of versions that are given up in this round: no more replicas of them are started. */
  readonly #doomed = new Set<GroupKey>();
  /** The number of replicas that groups in a rolling update should have now. */
  readonly #rolling = new Map<GroupKey, number>();
  /** Made when the first replica of this round is placed: most rounds place none. */
  #places: Places | null = null;
  readonly #nodesOf = new Map<GroupKey, string[]>();
  readonly #maxStarting: number;
  #starting = 0;
  #wakeAt = Number.POSITIVE_INFINITY;

  constructor(
    readonly target: TargetState,
    readonly actual: ActualView,
    readonly now: number,
  ) {
    this.#wanted = wantedGroups(target);
    this.#present = byGroup(actual);
    this.#maxStarting = MAX_STARTING * Math.max(1, (actual.nodes ?? []).filter(({ alive }) => alive).length);
    for (const { state, connected } of actual.replicas.values()) {
      // A replica that waits for its dependencies is not counted; otherwise it would keep them from starting.
      if (state === ReplicaState.STARTING && !connected) this.#starting += 1;
    }
  }

  /** Finds the next versions that are complete, and those that cannot be. */
  versions(): void {
    const complete = new Set<string>();
    const failures = new Map<string, GroupKey>();
    for (const [app, { next }] of this.target.apps) {
      if (next === null) continue;
      const { generation, spec } = next;
      const keys = keysOf(app, next);
      const groups = keys.map((key) => this.#wanted.get(key) as WantedGroup);
      const failed = groups.find((group) => this.#hasFailed(group))?.key;
      const never = failed === undefined ? neverFits(next, this.#wanted, this.actual.nodes) : null;
      if (never === undefined) continue;
      if (never !== null) {
        this.#doom(keys);
        this.#actions.push({ kind: 'refuse', ...never, never: true });
      } else if (failed !== undefined) {
        failures.set(app, failed);
        this.#reject(app, next, failed);
      } else if (groups.every((group) => this.#suffices(group))) {
        complete.add(app);
        if (spec.together === undefined && !this.actual.switching.has(generation))
          this.#actions.push({ kind: 'promote', app, generation });
      }
    }
    this.#together(complete, failures);
  }

  /** The versions of a configuration become live when all of them are complete. If one cannot be, or is lost, the others are given up, too. */
  #together(complete: ReadonlySet<string>, failures: ReadonlyMap<string, GroupKey>): void {
    for (const { id, versions, lost } of togetherIn(this.target)) {
      const apps = [...versions.keys()];
      const failed = lost ?? apps.find((app) => failures.has(app));
      if (failed !== undefined) {
        const group = failures.get(failed) ?? '';
        for (const [app, version] of versions) if (!failures.has(app)) this.#reject(app, version, group, failed);
      } else if (apps.every((app) => complete.has(app))) {
        const isSwitching = [...versions.values()].some(({ generation }) => this.actual.switching.has(generation));
        if (!isSwitching) this.#actions.push({ kind: 'promoteTogether', id });
      }
    }
  }

  #reject(app: string, version: AppVersion, group: GroupKey, because?: string): void {
    const { generation } = version;
    this.#doom(keysOf(app, version));
    if (this.actual.switching.has(generation)) return;
    this.#actions.push({ kind: 'reject', app, generation, group, ...(because === undefined ? {} : { because }) });
  }

  #doom(keys: readonly GroupKey[]): void {
    for (const key of keys) if (this.#wanted.get(key)?.inLive === false) this.#doomed.add(key);
  }

  /** Decides how far rolling updates go. If an update is given up, the live version keeps what it needs. */
  rolling(): void {
    for (const [app, target] of this.target.apps) {
      if (target.next === null) continue;
      for (const { name, replicaHash, config } of target.live?.spec.deployments ?? []) {
        const into = rollsInto(target, name);
        if (into?.config.rollingUpdate === undefined) continue;
        const oldKey = groupKey(app, name, replicaHash);
        const newKey = groupKey(app, name, into.replicaHash);
        if (this.#doomed.has(newKey)) continue;
        const counts = rollingCounts({
          update: into.config.rollingUpdate,
          oldWanted: config.numReplicas,
          oldAlive: (this.#present.get(oldKey) ?? []).filter(isReplicaAlive).length,
          newWanted: into.config.numReplicas,
          newRunning: this.#running(newKey),
        });
        this.#rolling.set(oldKey, counts.old).set(newKey, counts.new);
      }
    }
  }

  /** Brings each wanted group to its size. */
  groups(): void {
    for (const group of this.#wanted.values()) {
      const alive = (this.#present.get(group.key) ?? []).filter(isReplicaAlive);
      const surplus = alive.length - (this.#rolling.get(group.key) ?? Math.max(group.liveCount, group.nextCount));
      const retired = surplus > 0 ? leastUseful(alive).slice(0, surplus) : [];
      for (const replica of retired) this.#retire(replica);
      if (surplus < 0) this.#start(group, -surplus);
      else this.#fits(group.key);
      for (const replica of alive) if (!retired.includes(replica)) this.#advance(replica, group);
    }
  }

  /** Ends replicas of groups that are not wanted, and those that have drained. */
  retired(): void {
    for (const [key, replicas] of this.#present) {
      for (const replica of replicas) {
        if (replica.state === ReplicaState.DRAINING && replica.drained) this.#actions.push({ kind: 'stop', id: replica.id });
        else if (isReplicaAlive(replica) && !this.#wanted.has(key)) this.#retire(replica);
      }
    }
  }

  /** Finds the failures that are over. */
  failures(): void {
    for (const [key, failure] of this.actual.failures) {
      if (failure.isOver) continue;
      const { liveCount = 0, nextCount = 0 } = this.#wanted.get(key) ?? {};
      const at = provenAt(failure, this.#present.get(key) ?? [], Math.max(liveCount, nextCount));
      if (at <= this.now) this.#actions.push({ kind: 'overcome', group: key });
      else this.#wake(at);
    }
  }

  finish(): Action[] {
    if (this.#wakeAt !== Number.POSITIVE_INFINITY) this.#actions.push({ kind: 'wake', at: this.#wakeAt });
    return this.#actions;
  }

  #start(group: WantedGroup, count: number): void {
    if (this.#doomed.has(group.key)) return;
    const failure = presentFailure(this.actual.failures.get(group.key));
    if (failure !== undefined && failure.retryAt > this.now) {
      this.#wake(failure.retryAt);
      return;
    }
    // After a failure, replicas start one at a time: if the code is wrong, the others would fail too.
    const atOnce = failure !== undefined && this.#running(group.key) === 0 ? Math.min(1, count) : count;
    const comingUp = (this.#present.get(group.key) ?? []).some(isComingUp);
    if (failure?.onStart === true && comingUp) return;
    if (!this.#isEquipped(group)) return;
    for (let i = 0; i < atOnce && this.#starting < this.#maxStarting; i += 1) {
      const allocation = this.#place(group);
      if (allocation === undefined) return;
      this.#starting += 1;
      this.#actions.push({ kind: 'start', group, allocation });
      this.#wake(this.now + group.startupTimeoutMs);
    }
  }

  /** Whether its packages are installed. If nobody installs them yet, this asks for it. */
  #isEquipped(group: WantedGroup): boolean {
    if (group.spec.config.runtimeEnv?.npm === undefined) return true;
    const equipment = this.actual.equipment.get(group.key);
    if (equipment === undefined) this.#actions.push({ kind: 'equip', group });
    return (equipment?.folder ?? null) !== null;
  }

  /** Returns `undefined` if there is no room. */
  #place(group: WantedGroup): Allocation | null | undefined {
    const { key, spec, startupTimeoutMs, app, inNext } = group;
    const { resources } = spec.config;
    const nodes = this.actual.nodes ?? [];
    // If there are several nodes, it must be on one of them.
    if (takesNothing(resources) && nodes.length <= 1) return null;
    const siblings = this.#siblings(key);
    this.#places ??= new Places(
      nodes,
      [...this.actual.replicas.values()].flatMap(({ allocation }) => allocation ?? []),
    );
    const placed = this.#places.take(resources, siblings);
    if (!('reason' in placed)) {
      siblings.push(placed.node);
      this.#fits(key);
      return placed;
    }
    const { reason } = placed;
    const pending = this.actual.pending.get(key);
    if (pending?.reason !== reason) this.#actions.push({ kind: 'pend', group: key, reason });
    // The next version may be complete without the replicas of which is known only now that they have no room.
    if (pending === undefined && inNext) this.#wake(this.now);
    // A first version waits until there is room. An update is given up, because the running version may occupy the room. The same is true if
    // applications are removed when this version runs.
    const { live, next } = this.target.apps.get(app) ?? {};
    const waits = live == null && !next?.spec.together?.removes.length;
    if (!inNext || waits || this.#suffices(group)) return undefined;
    const deadline = (pending?.since ?? this.now) + startupTimeoutMs;
    if (deadline <= this.now) this.#actions.push({ kind: 'refuse', group, reason, never: false });
    else this.#wake(deadline);
    return undefined;
  }

  /** Nodes of the group's living replicas, including those that were started in this round. */
  #siblings(key: GroupKey): string[] {
    let nodes = this.#nodesOf.get(key);
    if (nodes === undefined) {
      nodes = (this.#present.get(key) ?? []).flatMap((replica) =>
        isReplicaAlive(replica) && replica.allocation !== null ? [replica.allocation.node] : [],
      );
      this.#nodesOf.set(key, nodes);
    }
    return nodes;
  }

  #fits(key: GroupKey): void {
    if (this.actual.pending.has(key)) this.#actions.push({ kind: 'pend', group: key, reason: null });
  }

  #advance(replica: Readonly<ReplicaRecord>, group: WantedGroup): void {
    const { id, state } = replica;
    if (state === ReplicaState.RUNNING) {
      const { config } = group.spec;
      if (replica.config !== config && (replica.config === null || configKey(replica.config) !== configKey(config)))
        this.#actions.push({ kind: 'reconfigure', id, config });
      return;
    }
    if (state === ReplicaState.STARTING && replica.connected) {
      if (!this.#dependenciesRun(replica, group)) return;
      this.#actions.push({ kind: 'initialize', id, group });
      this.#wake(this.now + group.startupTimeoutMs);
      return;
    }
    const deadline = replica.since + group.startupTimeoutMs;
    if (deadline <= this.now) this.#actions.push({ kind: 'expire', id, timeoutMs: group.startupTimeoutMs });
    else this.#wake(deadline);
  }

  #dependenciesRun(replica: Readonly<ReplicaRecord>, group: WantedGroup): boolean {
    const app = this.target.apps.get(group.app);
    if (app === undefined) return true;
    const version = [app.live, app.next].find((candidate) => candidate?.generation === replica.generation) ?? group.version;
    return missingDependencies(group.app, app, version, group.name, this.#present).length === 0;
  }

  #retire(replica: Readonly<ReplicaRecord>): void {
    this.#actions.push({ kind: replica.state === ReplicaState.RUNNING ? 'drain' : 'stop', id: replica.id });
  }

  /** Whether the replicas of a group that run are enough for the next version to become live. */
  #suffices(group: WantedGroup): boolean {
    const { key, liveCount, nextCount, inLive } = group;
    const running = this.#running(key);
    if (running >= nextCount || this.#canBegin(group)) return true;
    // If there is no room for the others, and the running version lacks them as much, that holds no update up.
    return inLive && running > 0 && this.actual.pending.has(key) && nextCount <= liveCount;
  }

  /** Whether it is a new deployment with the replicas that it begins with. It does not need those that its load has added. */
  #canBegin({ key, app, name, spec }: WantedGroup): boolean {
    const { autoscaling } = spec.config;
    if (autoscaling === undefined) return false;
    const isNew = this.target.apps.get(app)?.live?.spec.deployments.every((other) => other.name !== name) ?? true;
    return isNew && this.#running(key) >= Math.max(1, autoscaling.initialReplicas ?? autoscaling.minReplicas);
  }

  #hasFailed(group: WantedGroup): boolean {
    if (this.actual.refusals.has(group.key)) return true;
    const failure = presentFailure(this.actual.failures.get(group.key));
    if (failure === undefined || this.#canBegin(group)) return false;
    return failure.onStart || failure.count >= MAX_DEATHS_BEFORE_READY;
  }

  #running(key: GroupKey): number {
    return runningIn(this.#present, key);
  }

  #wake(at: number): void {
    this.#wakeAt = Math.min(this.#wakeAt, at);
  }
}

const configKeys = new WeakMap<DeploymentConfig, string>();

/** The part of a configuration that a running replica uses. If another part changes, the replica is not affected. */
function configKey(config: DeploymentConfig): string {
  const known = configKeys.get(config);
  if (known !== undefined) return known;
  const key = JSON.stringify(partOf('push', config));
  // Thousands of replicas share one configuration.
  configKeys.set(config, key);
  return key;
}

/** Chooses a replica that does not run yet, otherwise the youngest. */
function leastUseful(replicas: readonly Readonly<ReplicaRecord>[]): Readonly<ReplicaRecord>[] {
  const rank = ({ state }: Readonly<ReplicaRecord>): number => (state === ReplicaState.RUNNING ? 1 : 0);
  return [...replicas].sort((a, b) => rank(a) - rank(b) || b.startedAt - a.startedAt);
}
