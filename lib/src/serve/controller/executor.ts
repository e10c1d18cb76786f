import { type Clock, hasCode, type Log } from '../../core/index.js';
import { type Engine, type ExitReport, NodeLost, type ProcessInfo } from '../../engine/index.js';
import { PeerGone } from '../../ipc/index.js';
import { type Allocation, type DeploymentConfig, type ReplicaInit, ReplicaState } from '../protocol/index.js';
import type { ActualState, Replica } from './actual.js';
import { ExitReports } from './exit-reports.js';
import { exitError, failure } from './failure-reason.js';
import { newReplicaId, replicaProcess, replicaSocket } from './process-spec.js';
import type { Action } from './reconcile.js';
import { ReplicaChecks } from './replica-checks.js';
import type { ConnectReplica, ReplicaLink } from './replica-link.js';
import { ReplicaEvent } from './replica-state.js';
import type { GroupKey, WantedGroup } from './target.js';

export interface ExecutorOptions {
  readonly dir: string;
  /** Entry of a replica's process. */
  readonly replicaMain: string;
  readonly actual: ActualState;
  readonly engine: Engine;
  readonly connectReplica: ConnectReplica;
  /** Removes the socket file that a killed process leaves; never rejects. */
  readonly removeSocket: (path: string) => Promise<void>;
  readonly clock: Clock;
  readonly log: Pick<Log, 'info' | 'warn'>;
  /** Version of the snapshot that was published last. */
  readonly routesVersion: () => number;
  /** Resolves when proxies have applied that snapshot, or after a time; never rejects. */
  readonly proxiesKnowSoon: () => Promise<void>;
  /** Something changed: reconcile again. */
  readonly onChange: () => void;
}

/** Actions on replicas. */
export type ReplicaAction = Exclude<Action, { kind: 'promote' | 'reject' | 'wake' }>;

/** SIGTERM to SIGKILL: for one that drained (its disposal may take a moment), and for one that never ran. */
const STOP_GRACE_MS = 5000;
const ABORT_GRACE_MS = 500;
const DEFAULT_DRAIN_MS = 20_000;

/** Carries actions out. Marks each in the actual state before it does anything, and reports back by changing that and calling `onChange`. */
export class Executor {
  readonly #options: ExecutorOptions;
  readonly #actual: ActualState;
  readonly #links = new Map<string, ReplicaLink>();
  readonly #exits: ExitReports;
  readonly #checks: ReplicaChecks;
  /** Configurations that replicas are taking; resolves with the error of one that did not. */
  readonly #configuring = new Map<string, Promise<Error | null>>();
  #readingPids = false;

  constructor(options: ExecutorOptions) {
    this.#options = options;
    this.#actual = options.actual;
    this.#exits = new ExitReports(options.clock);
    this.#checks = new ReplicaChecks({
      clock: options.clock,
      check: (id) => this.#links.get(id)?.checkHealth() ?? Promise.resolve(),
      onUnhealthy: (id, reason, how) => this.#onUnhealthy(id, reason, how),
    });
    options.engine.onExit((info) => this.#onExit(info));
  }

  perform(action: ReplicaAction): void {
    if (action.kind === 'start') this.#start(action.group, action.allocation);
    else if (action.kind === 'pend') this.#pend(action.group, action.reason);
    else if (action.kind === 'refuse') this.#refuse(action.group, action.reason);
    else if (action.kind === 'initialize') this.#initialize(action.id, action.group);
    else if (action.kind === 'reconfigure') this.#reconfigure(action.id, action.config);
    else if (action.kind === 'expire') this.#expire(action.id, action.timeoutMs);
    else if (action.kind === 'drain') this.#drain(action.id);
    else this.#stop(action.id, this.#actual.replicas.get(action.id)?.drained === true ? STOP_GRACE_MS : ABORT_GRACE_MS);
  }

  /** A connection to a replica of the group that takes requests, where there is one. */
  linkTo(group: GroupKey): ReplicaLink | undefined {
    for (const { id, state } of this.#actual.groups.get(group) ?? []) {
      const link = state === ReplicaState.RUNNING ? this.#links.get(id) : undefined;
      if (link !== undefined) return link;
    }
    return undefined;
  }

  /** Takes over a replica that runs already. */
  adopt(id: string, link: ReplicaLink): void {
    this.#attach(id, link);
    const replica = this.#actual.replicas.get(id);
    if (replica?.state === ReplicaState.DRAINING) void this.#finishDrain(id);
    else if (replica !== undefined) this.#checks.watch(replica);
    this.#readPids();
  }

  #pend(group: GroupKey, reason: string | null): void {
    const { pending } = this.#actual;
    if (reason === null) pending.delete(group);
    else pending.set(group, { reason, since: pending.get(group)?.since ?? this.#options.clock.now() });
  }

  #refuse({ key, app, name: deployment, startupTimeoutMs }: WantedGroup, reason: string): void {
    const told = `there was no room for it within ${startupTimeoutMs} ms (startupTimeout): ${reason}; an update needs room beside the version that runs: delete that first, or ask for less`;
    this.#actual.pending.delete(key);
    this.#actual.fail(key, failure({ app, deployment }, told), null, this.#options.clock.now());
    this.#options.onChange();
  }

  #start(group: WantedGroup, allocation: Allocation | null): void {
    const { dir, replicaMain, engine, clock, connectReplica } = this.#options;
    const { app, name: deployment, spec, version, startupTimeoutMs } = group;
    const id = newReplicaId(deployment, (candidate) => this.#actual.replicas.has(candidate));
    const path = replicaSocket(dir, id);
    const { replicaHash, config } = spec;
    const replica = this.#actual.add(
      { id, app, deployment, replicaHash, generation: version.generation, path, config, allocation },
      clock.now(),
    );
    const run = async (): Promise<void> => {
      await engine.start(replicaProcess({ dir, main: replicaMain, replicaId: id, spec, allocation, startupTimeoutMs }));
      const link = await connectReplica(path);
      if (replica.state !== ReplicaState.STARTING) return link.close();
      this.#attach(id, link);
      replica.connected = true;
      this.#readPids();
      this.#options.onChange();
    };
    run().catch((error: unknown) => this.#startFailed(replica, error));
  }

  #initialize(id: string, { spec }: WantedGroup): void {
    const replica = this.#actual.replicas.get(id);
    const link = this.#links.get(id);
    if (replica === undefined || link === undefined) return;
    this.#actual.transition(id, ReplicaEvent.INITIALIZE, this.#options.clock.now());
    const { app, deployment, replicaHash, generation, allocation } = replica;
    const run = async (): Promise<void> => {
      // Not before this round's snapshot is out: the constructor may call what is in it.
      await Promise.resolve();
      const init: ReplicaInit = {
        app,
        deployment,
        replicaId: id,
        code: spec.code,
        initArgs: spec.initArgs,
        config: spec.config,
        replicaHash,
        generation,
        allocation,
        routesVersion: this.#options.routesVersion(),
      };
      const offer = await link.initialize(init);
      if (!this.#actual.transition(id, ReplicaEvent.READY, this.#options.clock.now())) return;
      replica.config = spec.config;
      this.#actual.offers.set(replica.group, offer);
      this.#checks.watch(replica);
      this.#options.onChange();
    };
    run().catch((error: unknown) => this.#startFailed(replica, error));
  }

  #reconfigure(id: string, config: DeploymentConfig): void {
    const replica = this.#actual.replicas.get(id);
    const link = this.#links.get(id);
    if (replica === undefined || link === undefined) return;
    replica.config = config;
    const done = link.reconfigure(config).then(
      () => null,
      (error: unknown) => {
        this.#options.log.info(`replica ${id} did not take its new configuration: ${messageOf(error)}`);
        // One that ended is replaced by one with the new configuration.
        return hasCode(error, PeerGone) ? null : error instanceof Error ? error : new Error(String(error));
      },
    );
    this.#configuring.set(id, done);
    void done.then(() => {
      if (this.#configuring.get(id) === done) this.#configuring.delete(id);
    });
  }

  /** Resolves when every replica of the application has its configuration; with the first error of those that did not take it. */
  async configured(app: string): Promise<Error | null> {
    const taking = [...this.#configuring].filter(([id]) => this.#actual.replicas.get(id)?.app === app);
    const errors = await Promise.all(taking.map(([, done]) => done));
    return errors.find((error) => error !== null) ?? null;
  }

  #onUnhealthy(id: string, reason: string, { hung, cause }: { readonly hung: boolean; readonly cause?: unknown }): void {
    const replica = this.#actual.replicas.get(id);
    if (replica?.state !== ReplicaState.RUNNING) return;
    this.#options.log.warn(reason);
    replica.hung = hung;
    this.#giveUp(replica, failure(replica, reason, { ran: true, cause }));
  }

  #expire(id: string, timeoutMs: number): void {
    const replica = this.#actual.replicas.get(id);
    if (replica === undefined) return;
    const reason = `replica ${id} was not ready after ${timeoutMs} ms; raise startupTimeout if its constructor needs longer`;
    this.#giveUp(replica, failure(replica, reason));
  }

  #drain(id: string): void {
    this.#checks.forget(id);
    if (this.#actual.transition(id, ReplicaEvent.DRAIN, this.#options.clock.now())) void this.#finishDrain(id);
  }

  async #finishDrain(id: string): Promise<void> {
    await Promise.resolve();
    await this.#options.proxiesKnowSoon();
    const replica = this.#actual.replicas.get(id);
    if (replica === undefined) return;
    try {
      await this.#links.get(id)?.drain(replica.config?.gracefulShutdownTimeoutMs ?? DEFAULT_DRAIN_MS);
    } catch (error) {
      this.#options.log.info(`replica ${id} did not drain: ${messageOf(error)}`);
    }
    replica.drained = true;
    this.#options.onChange();
  }

  #stop(id: string, graceMs: number): void {
    if (!this.#actual.transition(id, ReplicaEvent.STOP, this.#options.clock.now())) return;
    this.#checks.forget(id);
    this.#links.get(id)?.close();
    this.#options.engine.stop(id, { graceMs }).then(
      () => this.#gone(id),
      (error: unknown) => {
        this.#options.log.warn(`replica ${id} could not be stopped: ${messageOf(error)}`);
        this.#gone(id);
      },
    );
  }

  #attach(id: string, link: ReplicaLink): void {
    this.#links.set(id, link);
    void link.closed.then(() => this.#onLost(id, link));
  }

  /** The connection to a replica ended. Mostly its process did too, and the agent says how. */
  async #onLost(id: string, link: ReplicaLink): Promise<void> {
    if (this.#links.get(id) === link) this.#links.delete(id);
    const replica = this.#actual.replicas.get(id);
    if (replica === undefined || !isIdle(replica)) return;
    const exit = await this.#exits.of(id);
    if (!isIdle(replica)) return;
    if (exit !== null) this.#died(replica, exit);
    else
      this.#giveUp(
        replica,
        failure(replica, `the connection to replica ${id} broke while its process went on`, {
          ran: replica.state === ReplicaState.RUNNING,
        }),
      );
  }

  #onExit({ id, exit }: ProcessInfo): void {
    const replica = this.#actual.replicas.get(id);
    if (replica === undefined || exit === undefined) return;
    this.#exits.add(id, exit);
    if (isIdle(replica)) this.#died(replica, exit);
    // Else, while it starts, whoever waits for its answer tells the failure: the constructor's error may be on its way.
    else if (replica.state === ReplicaState.DRAINING || replica.state === ReplicaState.STOPPING) this.#gone(id);
  }

  #died(replica: Replica, exit: ExitReport): void {
    const { id, app, group, state, since } = replica;
    // Nothing that it did: it is replaced at once, elsewhere.
    if (exit.name === 'NODE_LOST') {
      this.#gone(id);
      return;
    }
    const now = this.#options.clock.now();
    const error = exitError(replica, exit, state === ReplicaState.RUNNING);
    // Asked to stop by somebody else: the whole cluster ends.
    if (exit.name !== 'STOPPED') this.#options.log.warn(`replica ${id} of ${app} died: ${error.message}`);
    this.#actual.fail(group, error, state === ReplicaState.RUNNING ? now - since : null, now);
    this.#gone(id);
  }

  async #startFailed(replica: Replica, error: unknown): Promise<void> {
    const alive = (): boolean => replica.state === ReplicaState.STARTING || replica.state === ReplicaState.INITIALIZING;
    if (!alive()) return;
    if (hasCode(error, NodeLost)) return this.#stop(replica.id, 0);
    const fromReplica = replica.state === ReplicaState.INITIALIZING && !hasCode(error, PeerGone);
    const exit = fromReplica ? null : await this.#exits.of(replica.id);
    if (!alive()) return;
    const { id } = replica;
    const cause = error instanceof Error ? error : new Error(String(error));
    if (exit?.name === 'NODE_LOST') this.#stop(id, 0);
    else if (fromReplica) this.#giveUp(replica, cause);
    else if (exit !== null) this.#giveUp(replica, exitError(replica, exit, false));
    else this.#giveUp(replica, failure(replica, `replica ${id} could not be started: ${cause.message}`, { cause }));
  }

  /** Counts the failure of a replica whose process may still run, and ends that. */
  #giveUp(replica: Replica, error: Error): void {
    const { id, state, since, group, app } = replica;
    const now = this.#options.clock.now();
    this.#options.log.info(`replica ${id} of ${app} failed: ${error.message}`);
    this.#actual.fail(group, error, state === ReplicaState.RUNNING ? now - since : null, now);
    this.#stop(id, ABORT_GRACE_MS);
    this.#options.onChange();
  }

  #gone(id: string): void {
    this.#checks.forget(id);
    const path = this.#actual.replicas.get(id)?.path;
    if (path !== undefined) void this.#options.removeSocket(path);
    this.#actual.transition(id, ReplicaEvent.EXITED, this.#options.clock.now());
    this.#links.get(id)?.close();
    this.#links.delete(id);
    this.#exits.forget(id);
    this.#options.onChange();
  }

  /** Pids are for the status only, so they come later, one question for many replicas. */
  #readPids(): void {
    if (this.#readingPids) return;
    this.#readingPids = true;
    const read = async (): Promise<void> => {
      await Promise.resolve();
      this.#readingPids = false;
      for (const { id, pid } of await this.#options.engine.list()) {
        const replica = this.#actual.replicas.get(id);
        if (replica !== undefined) replica.pid = pid;
      }
    };
    read().catch((error: unknown) => this.#options.log.info(`pids could not be read: ${messageOf(error)}`));
  }
}

/** It is there and no call of ours is on its way to it: only its end tells that it ended. */
function isIdle({ state, connected }: Replica): boolean {
  return state === ReplicaState.RUNNING || (state === ReplicaState.STARTING && connected);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
