import { HandClock } from '../../core/hand-clock.test-support.js';
import { type Deferred, deferred, type Log } from '../../core/index.js';
import {
  type Blocked,
  CannotRename,
  type DeclaredResources,
  type Engine,
  type ExitReport,
  type NodeChange,
  type NodeInfo,
  NodeLost,
  ProcessExited,
  type ProcessInfo,
  type ProcessSpec,
} from '../../engine/index.js';
import { PeerGone } from '../../ipc/index.js';
import type {
  AutoscalingMetrics,
  DeploymentConfig,
  ReplicaArgs,
  ReplicaInit,
  ReplicaReady,
  ReplicaStatus,
  RisingRoute,
  RouteSnapshot,
} from '../protocol/index.js';
import { Controller } from './controller.js';
import type { PackageInstaller } from './replicas/index.js';
import type { ReplicaControl } from './replicas/replica-control.js';
import type { ExpectedStore } from './routes/index.js';
import type { Checkpoint } from './target/checkpoint.js';
import type { TargetState } from './target/target.js';

/** What replicas with the same code do, by `code.hash`. */
export interface Behaviour {
  /** The constructor throws this. */
  readonly constructorError?: Error;
  /** The process ends with this report and does not answer `initialize`. */
  readonly crash?: ExitReport;
  /** If true, `initialize` is never answered. */
  readonly hang?: boolean;
  /** `reconfigure` does this. */
  readonly reconfigure?: (userConfig: unknown) => Promise<void>;
  /** If true, `reconfigure` is not answered before the replica ends. */
  readonly reconfigureHangs?: boolean;
  readonly checkHealth?: () => Promise<void>;
  /** What its watcher reports about its main thread. */
  readonly blocked?: Blocked;
  /** The deployment is a function; this is its answer. */
  readonly ask?: (metrics: AutoscalingMetrics) => Promise<unknown>;
  /** If true, it drains only when `FakeReplica.finishDrain` is called. */
  readonly slowDrain?: boolean;
}

export class FakeReplica implements ReplicaControl {
  /** It changes if its process was a spare one. */
  id: string;
  readonly #gone = deferred<void>();
  readonly closed = this.#gone.promise;
  readonly pid: number;
  init: ReplicaInit | null = null;
  ready = false;
  draining = false;
  readonly drains: Deferred<void>[] = [];
  readonly configs: DeploymentConfig[] = [];

  constructor(
    readonly spec: ProcessSpec,
    readonly cluster: FakeCluster,
  ) {
    this.pid = cluster.nextPid();
    this.id = spec.id;
  }

  initialize(init: ReplicaInit): Promise<ReplicaReady> {
    this.init = init;
    const { constructorError, crash, hang } = this.cluster.behaviours.get(init.code.hash) ?? {};
    if (constructorError !== undefined) return Promise.reject(constructorError);
    if (hang === true) return new Promise(() => {});
    if (crash !== undefined) {
      this.cluster.end(this.id, crash);
      return Promise.reject(PeerGone({ peer: this.id }));
    }
    this.ready = true;
    return Promise.resolve(this.cluster.offer);
  }

  status(): Promise<ReplicaStatus> {
    if (this.init === null) return Promise.resolve({ state: 'EMPTY', ongoing: 0 });
    const { app, deployment, replicaHash, generation, allocation } = this.init;
    const state = this.draining ? 'DRAINING' : 'RUNNING';
    return Promise.resolve({
      state,
      ongoing: 0,
      app,
      deployment,
      replicaHash,
      generation,
      allocation,
      ready: this.cluster.offer,
    });
  }

  ask(argument: unknown): Promise<unknown> {
    const { ask } = this.cluster.behaviours.get(this.init?.code.hash ?? '') ?? {};
    return ask?.(argument as AutoscalingMetrics) ?? Promise.reject(new Error('it is no function'));
  }

  async checkHealth(): Promise<[]> {
    const { checkHealth } = this.cluster.behaviours.get(this.init?.code.hash ?? '') ?? {};
    await checkHealth?.();
    return [];
  }

  reconfigure(config: DeploymentConfig): Promise<void> {
    this.configs.push(config);
    if (config.userConfig === undefined) return Promise.resolve();
    const { reconfigure, reconfigureHangs } = this.cluster.behaviours.get(this.init?.code.hash ?? '') ?? {};
    if (reconfigureHangs === true) return this.closed.then(() => Promise.reject(PeerGone({ peer: this.id })));
    return reconfigure?.(config.userConfig) ?? Promise.resolve();
  }

  drain(): Promise<void> {
    this.draining = true;
    if (this.init === null || this.cluster.behaviours.get(this.init.code.hash)?.slowDrain !== true) return Promise.resolve();
    const drain = deferred<void>();
    this.drains.push(drain);
    return drain.promise;
  }

  finishDrain(): void {
    for (const drain of this.drains) drain.resolve();
  }

  close(): void {
    this.#gone.resolve();
  }
}

class MemoryExpected implements ExpectedStore {
  #list: readonly RisingRoute[] = [];

  load(): readonly RisingRoute[] {
    return this.#list;
  }

  save(list: readonly RisingRoute[]): void {
    this.#list = list;
  }
}

class MemoryCheckpoint implements Checkpoint {
  stored: TargetState | null = null;
  failure: Error | null = null;
  saves = 0;

  load(): Promise<TargetState | null> {
    return Promise.resolve(this.stored);
  }

  save(target: TargetState): Promise<void> {
    if (this.failure !== null) return Promise.reject(this.failure);
    this.saves += 1;
    this.stored = target;
    return Promise.resolve();
  }
}

export const fakeNode = (id: string): NodeInfo => ({
  id,
  ip: '127.0.0.1',
  alive: true,
  resources: { cpu: 4, gpus: ['0', '1'], memory: 1000, custom: { accelerator: 1 } },
});

/** An engine in memory, with everything else that a controller needs. */
export class FakeCluster implements Engine {
  readonly clock = new HandClock(1_000_000);
  readonly checkpoint = new MemoryCheckpoint();
  readonly expected = new MemoryExpected();
  readonly behaviours = new Map<string, Behaviour>();
  readonly replicas = new Map<string, FakeReplica>();
  readonly snapshots: RouteSnapshot[] = [];
  readonly stopped: string[] = [];
  readonly offer: ReplicaReady = { methods: ['fetch', 'getResponse'], http: true };
  readonly closed = new Promise<void>(() => {});
  readonly logged: string[] = [];
  readonly wanted: (readonly DeclaredResources[])[] = [];
  nodeInfos: readonly NodeInfo[] = [fakeNode('local')];
  /** Number of spare processes of the controllers that are made after this. */
  spareReplicas = 0;
  /** Replicas for whose calls somebody waits; null means all. */
  awaited: Set<string> | null = null;
  /** Beginnings of the ids of processes whose start fails. */
  readonly broken: string[] = [];
  /** Installations of npm packages, by the packages' names. */
  readonly installs = new Map<string, Deferred<void>>();
  /** Names of the packages that are installed. */
  readonly installed = new Set<string>();
  /** Called when a process gets another id. */
  renamed: (replica: FakeReplica) => void = () => {};
  #listeners = new Set<(info: ProcessInfo) => void>();
  readonly #nodeListeners = new Set<(change: NodeChange) => void>();
  #pid = 100;

  /** Makes a controller as the agent starts it; it may replace an earlier one. */
  async controller(): Promise<Controller> {
    this.#listeners = new Set();
    const line = (text: unknown): void => void this.logged.push(String(text));
    const controller = new Controller({
      dir: '/cluster',
      replicaMain: '/replica/main.js',
      spareReplicas: this.spareReplicas,
      engine: this,
      packages: this.#packages,
      connectControl: async (path) => {
        const replica = [...this.replicas.values()].find(({ spec }) => (spec.args as ReplicaArgs).socketPath === path);
        if (replica === undefined) throw new Error(`nobody listens on ${path}`);
        return replica;
      },
      removeSocket: () => Promise.resolve(),
      checkpoint: this.checkpoint,
      expected: this.expected,
      clock: this.clock,
      log: { debug: line, info: line, warn: line, error: line } as unknown as Log,
      severalNodes: this.nodeInfos.length > 1,
      addresses: () => ({ url: 'http://127.0.0.1:8000', grpc: '' }),
      publish: (snapshot) => void this.snapshots.push(snapshot),
      proxiesKnow: () => Promise.resolve(),
      proxiesKnowSoon: () => Promise.resolve(),
      isAwaited: (id) => Promise.resolve(this.awaited?.has(id) ?? true),
    });
    await controller.recover();
    return controller;
  }

  readonly #packages: PackageInstaller = {
    namesOf: ({ dependencies }) => Object.keys(dependencies).join(),
    find: (packages) => {
      const names = this.#packages.namesOf(packages);
      return this.installed.has(names) ? `/environments/${names}` : undefined;
    },
    install: async (packages) => {
      const names = this.#packages.namesOf(packages);
      const installing = deferred<void>();
      this.installs.set(names, installing);
      await installing.promise;
      this.installed.add(names);
    },
  };

  nextPid(): number {
    this.#pid += 1;
    return this.#pid;
  }

  get routes(): RouteSnapshot {
    return this.snapshots.at(-1) as RouteSnapshot;
  }

  /** Running replicas with this code. */
  running(hash: string): FakeReplica[] {
    return [...this.replicas.values()].filter(({ init, ready }) => ready && init?.code.hash === hash);
  }

  /** Lets a process end by itself. */
  end(id: string, exit: ExitReport): void {
    const replica = this.replicas.get(id);
    if (replica === undefined) return;
    this.replicas.delete(id);
    for (const listener of this.#listeners) listener(info(replica, exit));
    replica.close();
  }

  async start(spec: ProcessSpec): Promise<undefined> {
    const node = this.nodeInfos.find(({ id }) => id === (spec.node ?? 'local'));
    if (node?.alive === false) throw NodeLost({ node: node.id, label: spec.label });
    if (this.broken.some((prefix) => spec.id.startsWith(prefix)))
      throw ProcessExited({ label: spec.label, exit: 'CRASHED', stderr: '' });
    this.replicas.set(spec.id, new FakeReplica(spec, this));
    return undefined;
  }

  bring(): Promise<void> {
    return Promise.resolve();
  }

  async rename(id: string, to: string): Promise<void> {
    const replica = this.replicas.get(id);
    if (replica === undefined) throw CannotRename({ id, to, reason: 'no such process runs' });
    this.replicas.delete(id);
    replica.id = to;
    this.replicas.set(to, replica);
    this.renamed(replica);
  }

  async stop(id: string): Promise<void> {
    if (!this.replicas.has(id)) return;
    this.stopped.push(id);
    this.end(id, { code: 0, signal: null, name: 'STOPPED', stderrTail: [] });
  }

  list(): Promise<readonly ProcessInfo[]> {
    return Promise.resolve([...this.replicas.values()].map((replica) => info(replica)));
  }

  onExit(listener: (info: ProcessInfo) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  onNodeChange(listener: (change: NodeChange) => void): () => void {
    this.#nodeListeners.add(listener);
    return () => void this.#nodeListeners.delete(listener);
  }

  nodes(): Promise<readonly NodeInfo[]> {
    return Promise.resolve(this.nodeInfos);
  }

  /** Lets a node go down, with all its processes, or come up. @param name how they end */
  change(id: string, alive: boolean, name: 'NODE_LOST' | 'NODE_LEFT' = 'NODE_LOST'): void {
    this.nodeInfos = this.nodeInfos.map((node) => (node.id === id ? { ...node, alive } : node));
    for (const listener of this.#nodeListeners) listener({ id, alive });
    if (alive) return;
    const lost = [...this.replicas.values()].filter(({ spec }) => spec.node === id);
    for (const replica of lost) this.end(replica.id, { code: null, signal: null, name, stderrTail: [] });
  }

  putCode(): Promise<never> {
    return Promise.reject(new Error('not needed here'));
  }

  readonly want = async (bundles: readonly DeclaredResources[]): Promise<void> => void this.wanted.push(bundles);
  async *logs(): AsyncGenerator<string> {}
  close(): void {}
}

function info({ id, pid, spec, init, cluster }: FakeReplica, exit?: ExitReport): ProcessInfo {
  const { blocked } = cluster.behaviours.get(init?.code.hash ?? '') ?? {};
  const state = exit === undefined ? 'RUNNING' : 'STOPPED';
  const end = exit === undefined ? { ...(blocked !== undefined && { blocked }) } : { exit };
  return { id, role: 'replica', label: id, pid, state, startedAt: 0, node: spec.node ?? 'local', restarts: 0, ...end };
}

export const killed: ExitReport = { code: null, signal: 'SIGKILL', name: 'KILLED', stderrTail: [] };

/** Ids of the replicas that the routes contain for `app/deployment`. */
export const idsOf = (cluster: FakeCluster, key: string): string[] =>
  (cluster.routes.deployments[key as `${string}/${string}`]?.replicas ?? []).map(({ id }) => id);
