import type { Clock, Gpu, Log } from '../../core/index.js';
import type { Engine } from '../../engine/index.js';
import type { AppSpec, DemandReport, RouteSnapshot, ServeStatus } from '../protocol/index.js';
import { Deploys } from './deploys.js';
import { Gathering } from './gathering.js';
import { buildStatus, Health } from './health/index.js';
import { NodeDemand } from './node-demand.js';
import type { Deployed } from './pending-deploys.js';
import {
  ActualState,
  adoptRunning,
  type ConnectControl,
  Executor,
  KnownNodes,
  type PackageInstaller,
  reconcile,
  runningOf,
  SparePool,
  takesNothing,
} from './replicas/index.js';
import { Rounds } from './rounds.js';
import { ExpectedRoutes, type ExpectedStore, SnapshotPublisher } from './routes/index.js';
import { type Scaled, Scaling } from './scaling/index.js';
import { type Checkpoint, remove, type TargetState, TargetStore, wantedGroups } from './target/index.js';
import { Traffic } from './traffic/index.js';

/** The driver is asked again for GPUs after this time. */
const GPUS_VALID_MS = 1000;

export interface ControllerOptions {
  readonly dir: string;
  readonly replicaMain: string;
  /** Number of spare processes on each node; 0 means none. */
  readonly spareReplicas: number;
  /** Modules that spare processes load while they wait, because user code is likely to import them. @default [] */
  readonly preload?: readonly string[];
  readonly engine: Engine;
  readonly packages: PackageInstaller;
  readonly connectControl: ConnectControl;
  /** Removes the socket file that a killed replica leaves behind; never rejects. */
  readonly removeSocket: (path: string) => Promise<void>;
  /** Whether the cluster has more nodes than one. @default false */
  readonly severalNodes?: boolean;
  readonly checkpoint: Checkpoint;
  /** Where the list of applications that are about to be deployed survives this process. @default nowhere */
  readonly expected?: ExpectedStore;
  readonly clock: Clock;
  readonly log: Log;
  /** The GPUs of this machine as they are now. @default none */
  readonly gpus?: () => Promise<readonly Gpu[]>;
  /** The address at which HTTP is answered. It is read for each status. */
  readonly addresses: () => { readonly url: string; readonly grpc: string };
  readonly publish: (snapshot: RouteSnapshot) => void;
  /** Resolves when every proxy has applied the last snapshot, or after a time; never rejects. */
  readonly proxiesKnow: () => Promise<void>;
  /** Does the same for a shorter time, before a drain. */
  readonly proxiesKnowSoon: () => Promise<void>;
  /** Whether a caller waits for a call that the replica has begun; never rejects. @default always true */
  readonly isAwaited?: (replica: string) => Promise<boolean>;
}

/** How long a user's own policy may take to answer. */
const POLICY_ANSWER_MS = 5000;

/**
 * The control loop. Requests change the target state, which takes effect only when it is on disk. Each change of the target or the actual state
 * causes a round: decide (`reconcile`), mark and carry out the actions, check the health, publish the routes. A round is synchronous, so routers
 * never see half of one.
 */
export class Controller {
  #gpus: readonly Gpu[] = [];
  #gpusAt = 0;
  readonly #options: ControllerOptions;
  readonly #actual: ActualState;
  readonly #health: Health;
  readonly #executor: Executor;
  readonly #spares: SparePool;
  readonly #snapshots: SnapshotPublisher;
  readonly #store: TargetStore;
  readonly #scaling: Scaling;
  /** Splits of routes, and canaries. */
  readonly traffic: Traffic;
  readonly #deploys: Deploys;
  readonly #gathering = new Gathering((specs) => this.#deploys.accept(specs));
  readonly #rounds: Rounds;
  readonly #nodes: KnownNodes;
  readonly #nodeDemand: NodeDemand;
  /** Applications that are about to be deployed for the first time. */
  readonly expected: ExpectedRoutes;

  constructor(options: ControllerOptions) {
    const { clock, log } = options;
    this.#options = options;
    this.#rounds = new Rounds({
      clock,
      size: () => this.#target.apps.size + this.#actual.replicas.size,
      run: () => this.#round(),
      onLost: (lostMs) => this.#actual.addLostTime(lostMs),
    });
    this.expected = new ExpectedRoutes(() => this.#rounds.soon(), options.expected);
    this.#store = new TargetStore({ checkpoint: options.checkpoint, clock, log });
    this.#actual = new ActualState(log);
    this.#health = new Health(log);
    this.#scaling = new Scaling({
      clock,
      log,
      running: (app, deployment) => runningOf(this.#actual, app, deployment),
      askPolicy: async (group, metrics) => {
        const link = this.#executor.linkTo(group);
        if (link === undefined) throw new Error('no replica of it runs');
        return link.ask(metrics, POLICY_ANSWER_MS);
      },
      onScaled: (change) => this.#onScaled(change),
    });
    this.traffic = new Traffic({ ...options, store: this.#store, onChange: () => this.#rounds.now() });
    this.#snapshots = new SnapshotPublisher(clock, options.publish);
    this.#nodes = new KnownNodes({ ...options, actual: this.#actual, onChange: () => this.#rounds.soon() });
    this.#nodeDemand = new NodeDemand(options.engine, log);
    this.#spares = new SparePool({ ...options, actual: this.#actual });
    this.#executor = new Executor({
      ...options,
      actual: this.#actual,
      spares: this.#spares,
      routesVersion: () => this.#snapshots.version,
      onChange: () => this.#rounds.soon(),
    });
    this.#deploys = new Deploys({
      store: this.#store,
      actual: this.#actual,
      executor: this.#executor,
      clock,
      proxiesKnow: options.proxiesKnow,
      routesVersion: () => this.#snapshots.version,
      onChange: () => this.#rounds.now(),
    });
  }

  /** Loads the checkpoint and takes over running replicas. Call this once, before any other method. @throws NBS_CHECKPOINT_UNREADABLE */
  async recover(): Promise<void> {
    // If there are several nodes, each replica is assigned to one.
    if (this.#options.severalNodes === true) await this.#nodes.ask();
    await this.#store.load();
    this.expected.recover(this.#options.clock);
    await adoptRunning({ ...this.#options, actual: this.#actual, executor: this.#executor, spares: this.#spares });
    this.#rounds.now();
  }

  /**
   * Resolves when the version runs and every proxy has its routes.
   * @throws the constructor's error, NBS_DEPLOY_FAILED, NBS_ROUTE_TAKEN, NBS_SUPERSEDED, NBS_CHECKPOINT_FAILED, NBS_INVALID_APP
   */
  async deploy(spec: AppSpec): Promise<Deployed> {
    // The inner promise is in an object, so that it is not awaited by `accept`.
    return (await this.accept(spec)).deployed;
  }

  /** Resolves when the target state is on disk; `deployed` resolves when the deploy has ended. @throws as {@link deploy} */
  async accept(spec: AppSpec): Promise<{ readonly deployed: Promise<Deployed> }> {
    const accepted = await this.#gathering.join(spec);
    return { deployed: accepted.get(spec.name) as Promise<Deployed> };
  }

  /** To be called when the driver that waits in {@link deploy} or {@link accept} has gone: what it has not sent will not come. */
  abandon(spec: AppSpec): void {
    this.#gathering.forget(spec);
  }

  /** What a configuration says about each application that it deployed. */
  declared(): Readonly<Record<string, unknown>> {
    // If it is not known yet whether an application stays removed, the next configuration removes it for good.
    const apps = new Map([...this.#deploys.removed, ...this.#target.apps]);
    const all = [...apps].flatMap(([name, { live, next, failed }]) => {
      const spec = next?.spec ?? live?.spec ?? failed?.spec;
      return spec?.declared === undefined ? [] : [[name, spec.declared] as const];
    });
    return Object.fromEntries(all);
  }

  /** Resolves when all replicas of the application have ended; without `wait`, as soon as the new target state is on disk. */
  async delete(
    name: string,
    { wait = true }: { readonly wait?: boolean | undefined } = {},
  ): Promise<{ readonly deleted: boolean }> {
    const mightComeBack = this.#deploys.forget(name);
    // An earlier controller may have removed it from the target and left its replicas to this one.
    const isLeft = [...this.#actual.replicas.values()].some(({ app }) => app === name);
    if (!this.#target.apps.has(name) && !this.#health.apps.has(name) && !isLeft) return { deleted: mightComeBack };
    let last = 0;
    await this.#store.changeAnyway((target) => {
      last = target.generation;
      return remove(target, name, this.#options.clock.now());
    });
    this.#deploys.supersede(name, last, 'serve.delete');
    const gone = wait ? this.#replicasGone((app) => app === name) : undefined;
    this.#rounds.now();
    await gone;
    return { deleted: true };
  }

  get #target(): TargetState {
    return this.#store.current;
  }

  /** Like `status`, with the nodes and their resources, and with the current information on blocked replicas. */
  async fullStatus(): Promise<ServeStatus> {
    const { revision } = this.#actual;
    await Promise.all([this.#nodes.ask(), this.#executor.look(), this.#lookAtGpus()]);
    if (this.#actual.revision !== revision) this.#rounds.now();
    return this.status();
  }

  async #lookAtGpus(): Promise<void> {
    const { clock, gpus } = this.#options;
    const now = clock.now();
    if (gpus === undefined || now - this.#gpusAt < GPUS_VALID_MS) return;
    if (!(this.#actual.nodes ?? []).some(({ resources }) => resources.gpus.length > 0)) return;
    this.#gpusAt = now;
    this.#gpus = await gpus();
  }

  status(): ServeStatus {
    const { problem } = this.#store;
    const cluster = {
      ...this.#options.addresses(),
      warnings: problem === null ? [] : [problem],
      faults: this.#scaling.faults,
      traffic: this.traffic.status(),
      gpus: this.#gpus,
    };
    return buildStatus(cluster, this.#health.apps, this.#actual);
  }

  /** Takes over the load that a router reports. @param source names its connection */
  demand(source: string, report: DemandReport): void {
    this.#scaling.report(source, report);
  }

  /** To be called when the connection of that router has ended. */
  demandGone(source: string): void {
    this.#scaling.gone(source);
  }

  /** Drains and deletes every application. Nothing is deployed after that. */
  async shutdown(): Promise<void> {
    this.#deploys.close();
    this.#spares.close();
    await this.#store.changeAnyway((target) => ({ ...target, apps: new Map(), traffic: new Map() }));
    this.#deploys.supersedeAll();
    const gone = this.#replicasGone(() => true);
    this.#rounds.now();
    await gone;
  }

  #onScaled({ app, deployment, to }: Scaled): void {
    // The deployment scales to zero, so failures before its last replica ran no longer matter. If its next start fails, that error is kept, and
    // requests get it as the reason.
    if (to === 0) this.#actual.forgive(app, deployment);
    this.#rounds.soon();
  }

  #askForNodes(target: TargetState): void {
    if (this.#actual.nodes !== null) return;
    if ([...wantedGroups(target).values()].some(({ spec }) => !takesNothing(spec.config.resources))) void this.#nodes.ask();
  }

  #round(): void {
    const target = this.#scaling.apply(this.#target, this.#actual);
    this.#askForNodes(target);
    for (const action of reconcile(target, this.#actual, this.#options.clock.now())) {
      if (action.kind === 'promote') void this.#deploys.promote(action.app, action.generation);
      else if (action.kind === 'promoteTogether') void this.#deploys.promoteTogether(action.id);
      else if (action.kind === 'reject') void this.#deploys.reject(action);
      else if (action.kind === 'wake') this.#rounds.at(action.at);
      else this.#executor.perform(action);
    }
    this.#actual.forget(wantedGroups(target));
    this.#health.observe(target, this.#actual);
    this.traffic.observe(target);
    this.#snapshots.publish(target, this.#actual, this.expected.list);
    this.#nodeDemand.tell(target, this.#actual);
    this.#spares.tend();
  }

  /** Resolves after the round in which the last of the current replicas that match has ended. */
  #replicasGone(match: (app: string) => boolean): Promise<void> {
    const waited = [...this.#actual.replicas.values()].filter(({ app }) => match(app)).map(({ id }) => id);
    return this.#rounds.until(() => !waited.some((id) => this.#actual.replicas.has(id)));
  }
}
