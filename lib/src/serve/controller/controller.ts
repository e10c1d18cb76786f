import type { Clock, Log } from '../../core/index.js';
import type { Engine } from '../../engine/index.js';
import type { AppSpec, DemandReport, RouteSnapshot, ServeStatus } from '../protocol/index.js';
import { Superseded } from './errors.js';
import { buildStatus, Health } from './health/index.js';
import { type Deployed, PendingDeploys } from './pending-deploys.js';
import {
  ActualState,
  adoptRunning,
  type ConnectControl,
  Executor,
  failure,
  KnownNodes,
  reconcile,
  runningOf,
  SparePool,
  takesNothing,
} from './replicas/index.js';
import { Rounds } from './rounds.js';
import { ExpectedRoutes, SnapshotPublisher } from './routes/index.js';
import { type Scaled, Scaling } from './scaling/index.js';
import {
  accept,
  type Checkpoint,
  type GroupKey,
  groupKey,
  promote,
  reject,
  remove,
  revert,
  type TargetState,
  TargetStore,
  validateApp,
  wantedGroups,
} from './target/index.js';
import { Traffic } from './traffic/index.js';

export interface ControllerOptions {
  readonly dir: string;
  readonly replicaMain: string;
  /** Processes held ready on each node for new replicas; 0 is none. */
  readonly spareReplicas: number;
  /** Modules that they load while they wait, as user code is likely to import them. @default [] */
  readonly preload?: readonly string[];
  readonly engine: Engine;
  readonly connectControl: ConnectControl;
  /** Removes the socket file that a killed replica leaves; never rejects. */
  readonly removeSocket: (path: string) => Promise<void>;
  /** Whether the cluster has more nodes than one. @default false */
  readonly severalNodes?: boolean;
  readonly checkpoint: Checkpoint;
  readonly clock: Clock;
  readonly log: Log;
  /** Where HTTP is answered; asked for at each status. */
  readonly url: () => string;
  readonly publish: (snapshot: RouteSnapshot) => void;
  /** Resolves when every proxy has applied what was published last, or after a time; never rejects. */
  readonly proxiesKnow: () => Promise<void>;
  /** The same, for a shorter time: before a drain. */
  readonly proxiesKnowSoon: () => Promise<void>;
  /** Whether anybody waits for a call that the replica has begun; never rejects. @default somebody always does */
  readonly isAwaited?: (replica: string) => Promise<boolean>;
}

/** How long a policy of the user's own may think. */
const POLICY_ANSWER_MS = 5000;

/**
 * The control loop. Requests change the target state, which is on disk before it counts; each change of target or actual state runs a round:
 * decide (`reconcile`), mark and carry out, look at the health, publish the routes. A round is synchronous, so routers never see half of one.
 */
export class Controller {
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
  readonly #deploys = new PendingDeploys();
  readonly #rounds: Rounds;
  readonly #nodes: KnownNodes;
  /** Applications that are about to be deployed for the first time. */
  readonly expected = new ExpectedRoutes(() => this.#rounds.soon());
  #shuttingDown = false;

  constructor(options: ControllerOptions) {
    const { clock, log } = options;
    this.#options = options;
    this.#rounds = new Rounds({
      clock,
      size: () => this.#target.apps.size + this.#actual.replicas.size,
      run: () => this.#round(),
    });
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
    this.#spares = new SparePool({ ...options, actual: this.#actual });
    this.#executor = new Executor({
      ...options,
      actual: this.#actual,
      spares: this.#spares,
      routesVersion: () => this.#snapshots.version,
      onChange: () => this.#rounds.soon(),
    });
  }

  /** Loads the checkpoint and takes over what runs. Call it once, before any other method. @throws NBS_CHECKPOINT_UNREADABLE */
  async recover(): Promise<void> {
    // Where there are several, each replica is given one.
    if (this.#options.severalNodes === true) await this.#nodes.ask();
    await this.#store.load();
    await adoptRunning({ ...this.#options, actual: this.#actual, executor: this.#executor, spares: this.#spares });
    this.#rounds.now();
  }

  /**
   * Resolves when the version runs and every proxy knows.
   * @throws the constructor's error, NBS_DEPLOY_FAILED, NBS_ROUTE_TAKEN, NBS_SUPERSEDED, NBS_CHECKPOINT_FAILED, NBS_INVALID_APP
   */
  async deploy(spec: AppSpec): Promise<Deployed> {
    validateApp(spec);
    let generation = 0;
    let deployed: Promise<Deployed> | undefined;
    try {
      await this.#store.change((target) => {
        if (this.#shuttingDown) throw Superseded({ app: spec.name, newer: 'the cluster is shut down' });
        const next = accept(target, spec, this.#options.clock.now());
        generation = next.generation;
        // Before it is on disk: a newer deploy may come meanwhile.
        deployed = this.#deploys.add(generation, spec.name);
        return next;
      });
    } catch (error) {
      this.#deploys.reject(generation, error);
      throw error;
    }
    this.#supersede(spec.name, generation - 1, 'another deploy of it');
    // Asked for anew: what failed before gets its chance at once.
    for (const { name, replicaHash } of spec.deployments) this.#actual.failures.delete(groupKey(spec.name, name, replicaHash));
    this.#rounds.now();
    return deployed as Promise<Deployed>;
  }

  /** Resolves when nothing of the application is left. */
  async delete(name: string): Promise<{ readonly deleted: boolean }> {
    // A controller before this one may have taken it out of the target, and left its replicas to this one.
    const isLeft = [...this.#actual.replicas.values()].some(({ app }) => app === name);
    if (!this.#target.apps.has(name) && !this.#health.apps.has(name) && !isLeft) return { deleted: false };
    let last = 0;
    await this.#store.changeAnyway((target) => {
      last = target.generation;
      return remove(target, name, this.#options.clock.now());
    });
    this.#supersede(name, last, 'serve.delete');
    const gone = this.#replicasGone((app) => app === name);
    this.#rounds.now();
    await gone;
    return { deleted: true };
  }

  get #target(): TargetState {
    return this.#store.current;
  }

  /** As `status`, with the nodes and what they have, and with what is known now of replicas that are blocked. */
  async fullStatus(): Promise<ServeStatus> {
    const { revision } = this.#actual;
    await Promise.all([this.#nodes.ask(), this.#executor.look()]);
    if (this.#actual.revision !== revision) this.#rounds.now();
    return this.status();
  }

  status(): ServeStatus {
    const { problem } = this.#store;
    const cluster = {
      url: this.#options.url(),
      warnings: problem === null ? [] : [problem],
      faults: this.#scaling.faults,
      traffic: this.traffic.status(),
    };
    return buildStatus(cluster, this.#health.apps, this.#actual);
  }

  /** The load that a router saw. @param source names its connection */
  demand(source: string, report: DemandReport): void {
    this.#scaling.report(source, report);
  }

  /** That router is gone. */
  demandGone(source: string): void {
    this.#scaling.gone(source);
  }

  /** Drains and deletes every application; nothing is deployed afterwards. */
  async shutdown(): Promise<void> {
    this.#shuttingDown = true;
    this.#spares.close();
    await this.#store.changeAnyway((target) => ({ ...target, apps: new Map(), traffic: new Map() }));
    this.#deploys.supersedeAll('the cluster is shut down');
    const gone = this.#replicasGone(() => true);
    this.#rounds.now();
    await gone;
  }

  #onScaled({ app, deployment, to }: Scaled): void {
    // It falls asleep: what failed before its last replica ran is over. What cannot be started stays known, and requests are told so.
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
      if (action.kind === 'promote') void this.#promote(action.app, action.generation);
      else if (action.kind === 'reject') void this.#reject(action.app, action.generation, action.group);
      else if (action.kind === 'wake') this.#rounds.at(action.at);
      else this.#executor.perform(action);
    }
    this.#actual.forget(wantedGroups(target));
    this.#health.observe(target, this.#actual);
    this.traffic.observe(target);
    this.#snapshots.publish(target, this.#actual, this.expected.list);
    this.#spares.tend();
  }

  async #promote(app: string, generation: number): Promise<void> {
    const before = this.#target.apps.get(app)?.live ?? null;
    this.#actual.switching.add(generation);
    await this.#store.changeAnyway((target) => {
      const { spec } = target.apps.get(app)?.next ?? {};
      const offers = (spec?.deployments ?? []).flatMap(({ name, replicaHash }) => {
        const offer = this.#actual.offers.get(groupKey(app, name, replicaHash));
        return offer === undefined ? [] : [[name, offer] as const];
      });
      return promote(target, app, generation, Object.fromEntries(offers));
    });
    this.#actual.switching.delete(generation);
    this.#rounds.now();
    // Superseded while this was written down: whoever came between tells it.
    if (this.#target.apps.get(app)?.live?.generation !== generation || !this.#deploys.has(generation)) return;
    const refusal = await this.#executor.configured(app);
    if (refusal !== null && before !== null) {
      await this.#store.changeAnyway((target) => revert(target, app, generation, before, refusal.message));
      this.#rounds.now();
      this.#deploys.reject(generation, refusal);
      return;
    }
    const routesVersion = this.#snapshots.version;
    await this.#options.proxiesKnow();
    this.#deploys.resolve(generation, { app, routesVersion });
  }

  async #reject(app: string, generation: number, group: GroupKey): Promise<void> {
    this.#actual.switching.add(generation);
    const error = this.#actual.failures.get(group)?.error ?? failure({ app, deployment: group }, 'its replicas failed');
    await this.#store.changeAnyway((target) => reject(target, app, generation, error.message));
    this.#actual.switching.delete(generation);
    this.#rounds.now();
    this.#deploys.reject(generation, error);
  }

  #supersede(app: string, upTo: number, newer: string): void {
    this.#deploys.supersede(app, upTo, this.#target.apps.get(app)?.live?.generation, newer);
  }

  /** Resolves after the round in which the last of the present replicas that match was gone. */
  #replicasGone(match: (app: string) => boolean): Promise<void> {
    const waited = [...this.#actual.replicas.values()].filter(({ app }) => match(app)).map(({ id }) => id);
    return this.#rounds.until(() => !waited.some((id) => this.#actual.replicas.has(id)));
  }
}
