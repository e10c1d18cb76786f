import assert from 'node:assert/strict';
import type { NodeInfo } from '../../../engine/index.js';
import { type AppSpec, ReplicaState } from '../../protocol/index.js';
import { accept, emptyTarget, groupKey, promote, reject, type TargetState, wantedGroups } from '../target/target.js';
import type { Action } from './action.js';
import { ActualState, isReplicaAlive } from './actual.js';
import { reconcile } from './reconcile.js';
import { ReplicaEvent } from './replica-state.js';
import { rollsInto } from './rolling.js';

/** A world that carries out actions at once. Time and faults come in any order. */
export class World {
  target: TargetState = emptyTarget;
  actual = new ActualState({ info: () => {} });
  now = 1_000_000;
  #ids = 0;

  /** @param nodes the nodes with their resources; without them, replicas need none */
  constructor(readonly nodes: readonly NodeInfo[] | null = null) {
    this.actual.nodes = nodes;
  }

  /** A new version of an application, as the controller accepts it. */
  deploy(spec: AppSpec): void {
    this.target = accept(this.target, spec, this.now);
    for (const { name, replicaHash } of spec.deployments) this.actual.renew(groupKey(spec.name, name, replicaHash), this.now);
  }

  /** The controller dies, and another one takes over the running replicas. Replicas that were starting are ended, and failures are forgotten. */
  crash(): void {
    const { replicas } = this.actual;
    this.actual = new ActualState({ info: () => {} });
    this.actual.nodes = this.nodes;
    for (const {
      id,
      app: name,
      deployment: deploymentName,
      replicaHash,
      generation,
      path,
      allocation,
      state,
    } of replicas.values()) {
      if (state !== ReplicaState.RUNNING && state !== ReplicaState.DRAINING) continue;
      const adopted = { id, app: name, deployment: deploymentName, replicaHash, generation, path, allocation, config: null };
      this.actual.add(adopted, this.now).connected = true;
      for (const happened of [ReplicaEvent.INITIALIZE, ReplicaEvent.READY]) this.actual.transition(id, happened, this.now);
      if (state === ReplicaState.DRAINING) this.actual.transition(id, ReplicaEvent.DRAIN, this.now);
    }
  }

  /** The cpus of a node that its replicas occupy. */
  heldOf(node: string): number {
    const held = [...this.actual.replicas.values()].map(({ allocation }) => allocation).filter((one) => one?.node === node);
    return held.reduce((sum, allocation) => sum + (allocation?.resources.cpu ?? 0), 0);
  }

  round(): Action[] {
    const actions = reconcile(this.target, this.actual, this.now);
    const wanted = wantedGroups(this.target);
    for (const action of actions) this.#perform(action);
    for (const group of wanted.values()) {
      const alive = [...this.actual.replicas.values()].filter(
        (replica) => replica.group === group.key && isReplicaAlive(replica),
      );
      assert.ok(alive.length <= Math.max(group.liveCount, group.nextCount), 'never more than wanted and surge');
    }
    for (const { alive, most } of this.rolling()) assert.ok(alive <= most, `rolling: ${alive} of at most ${most}`);
    for (const { id, resources } of this.nodes ?? []) assert.ok(this.heldOf(id) <= resources.cpu + 1e-6, 'never over capacity');
    return actions.filter(({ kind }) => kind !== 'wake');
  }

  /** Number of running replicas of the live version, by group, up to the smallest number that must run. */
  liveRunning(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const [name, target] of this.target.apps) {
      for (const spec of target.live?.spec.deployments ?? []) {
        const into = rollsInto(target, spec.name);
        const keys = [spec, ...(into === undefined ? [] : [into])].map((one) => groupKey(name, spec.name, one.replicaHash));
        const running = [...this.actual.replicas.values()].filter(
          ({ group, state }) => keys.includes(group) && state === 'RUNNING',
        ).length;
        const unavailable = Number(into?.config.rollingUpdate?.maxUnavailable ?? 0);
        const least = Math.min(spec.config.numReplicas, into?.config.numReplicas ?? Number.POSITIVE_INFINITY) - unavailable;
        counts.set(`${name}/${spec.name}`, Math.min(running, Math.max(0, least)));
      }
    }
    return counts;
  }

  /** Replicas of both versions of deployments that are replaced step by step. */
  rolling(): { readonly alive: number; readonly most: number }[] {
    return [...this.target.apps].flatMap(([name, target]) =>
      (target.live?.spec.deployments ?? []).flatMap((spec) => {
        const into = rollsInto(target, spec.name);
        if (into === undefined) return [];
        const keys = [spec, into].map((one) => groupKey(name, spec.name, one.replicaHash));
        const alive = [...this.actual.replicas.values()].filter((one) => keys.includes(one.group) && isReplicaAlive(one)).length;
        const surge = Number(into.config.rollingUpdate?.maxSurge ?? 0);
        return [{ alive, most: Math.max(spec.config.numReplicas, into.config.numReplicas) + surge }];
      }),
    );
  }

  #perform(action: Action): void {
    const { actual, now } = this;
    if (action.kind === 'start') {
      const { app: name, name: deploymentName, spec, version } = action.group;
      this.#ids += 1;
      const { replicaHash, config } = spec;
      const { generation } = version;
      actual.add(
        {
          id: `r${this.#ids}`,
          app: name,
          deployment: deploymentName,
          replicaHash,
          generation,
          path: '',
          config,
          allocation: action.allocation,
        },
        now,
      );
    } else if (action.kind === 'initialize') actual.transition(action.id, ReplicaEvent.INITIALIZE, now);
    else if (action.kind === 'reconfigure') this.#replica(action.id).config = action.config;
    else if (action.kind === 'drain') assert.ok(actual.transition(action.id, ReplicaEvent.DRAIN, now));
    else if (action.kind === 'stop') {
      const replica = this.#replica(action.id);
      assert.ok(replica.state !== ReplicaState.RUNNING, 'drained before stopped');
      assert.ok(replica.state !== ReplicaState.DRAINING || replica.drained, 'drained before stopped');
      assert.ok(actual.transition(action.id, ReplicaEvent.STOP, now));
    } else if (action.kind === 'expire') {
      actual.fail(this.#replica(action.id).group, new Error('slow'), null, now);
      actual.transition(action.id, ReplicaEvent.STOP, now);
    } else if (action.kind === 'pend') {
      if (action.reason === null) actual.pending.delete(action.group);
      else actual.pending.set(action.group, { reason: action.reason, since: actual.pending.get(action.group)?.since ?? now });
    } else if (action.kind === 'refuse') {
      actual.pending.delete(action.group.key);
      actual.refusals.set(action.group.key, new Error(action.reason));
    } else if (action.kind === 'overcome') actual.overcome(action.group);
    else if (action.kind === 'promote') this.target = promote(this.target, action.app, action.generation, {});
    else if (action.kind === 'reject') {
      actual.refusals.delete(action.group);
      this.target = reject(this.target, action.app, action.generation, 'failed');
    }
  }

  /** Lets the `pick`-th replica make its next step by itself. */
  step(pick: number, fault: boolean): void {
    const replicas = [...this.actual.replicas.values()];
    const replica = replicas[pick % Math.max(1, replicas.length)];
    if (replica === undefined) return;
    if (fault) {
      const ranMs = replica.state === ReplicaState.RUNNING ? this.now - replica.since : null;
      if (isReplicaAlive(replica)) this.actual.fail(replica.group, new Error('died'), ranMs, this.now);
      this.actual.transition(replica.id, ReplicaEvent.EXITED, this.now);
    } else if (replica.state === ReplicaState.STARTING) replica.connected = true;
    else if (replica.state === ReplicaState.INITIALIZING) this.actual.transition(replica.id, ReplicaEvent.READY, this.now);
    else if (replica.state === ReplicaState.DRAINING) replica.drained = true;
    else if (replica.state === ReplicaState.STOPPING) this.actual.transition(replica.id, ReplicaEvent.EXITED, this.now);
  }

  /** Lets each replica make a step. */
  progress(): void {
    for (let pick = this.actual.replicas.size - 1; pick >= 0; pick -= 1) this.step(pick, false);
  }

  #replica(id: string) {
    return this.actual.replicas.get(id) ?? assert.fail(`no replica ${id}`);
  }
}
