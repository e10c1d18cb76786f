import { type Clock, hasCode, type Log } from '../../../core/index.js';
import { type Engine, type ExitReport, endedWithNode, type ProcessInfo } from '../../../engine/index.js';
import { type Allocation, type DeploymentConfig, OverMemoryLimit, ReplicaState } from '../../protocol/index.js';
import type { GroupKey, WantedGroup } from '../target/index.js';
import type { Action } from './action.js';
import type { ActualState, ReplicaRecord } from './actual.js';
import { equip, type PackageInstaller } from './equip.js';
import { ExitReports } from './exit-reports.js';
import { exitError, failure } from './failure-reason.js';
import { ReplicaChecks } from './replica-checks.js';
import { ReplicaConfigs } from './replica-configs.js';
import type { ConnectControl, ReplicaControl } from './replica-control.js';
import { ReplicaLooks } from './replica-looks.js';
import { ReplicaStarts } from './replica-starts.js';
import { ReplicaEvent } from './replica-state.js';
import type { SparePool } from './spare-pool.js';

export interface ExecutorOptions {
  readonly dir: string;
  /** Entry file of a replica's process. */
  readonly replicaMain: string;
  readonly actual: ActualState;
  readonly spares: SparePool;
  readonly packages: PackageInstaller;
  readonly engine: Engine;
  readonly connectControl: ConnectControl;
  /** Removes the socket file that a killed process leaves behind; never rejects. */
  readonly removeSocket: (path: string) => Promise<void>;
  readonly clock: Clock;
  readonly log: Pick<Log, 'info' | 'warn'>;
  /** Version of the last published snapshot. */
  readonly routesVersion: () => number;
  /** Resolves when proxies have applied that snapshot, or after a time; never rejects. */
  readonly proxiesKnowSoon: () => Promise<void>;
  /** Whether a caller waits for a call that the replica has begun; never rejects. @default always true */
  readonly isAwaited?: (replica: string) => Promise<boolean>;
  /** Called when something has changed, so that `reconcile` runs again. */
  readonly onChange: () => void;
}

/** Actions on replicas. */
export type ReplicaAction = Exclude<Action, { kind: 'promote' | 'promoteTogether' | 'reject' | 'wake' }>;

/** Time from SIGTERM to SIGKILL, for a replica that has drained (its `dispose` may take a moment) or that never ran. */
const STOP_GRACE_MS = 5000;
const ABORT_GRACE_MS = 500;
const DEFAULT_DRAIN_MS = 20_000;

/**
 * Carries out actions. It marks each in the actual state before it does anything. It reports results by changing the actual state and calling
 * `onChange`.
 */
export class Executor {
  readonly #options: ExecutorOptions;
  readonly #actual: ActualState;
  readonly #links = new Map<string, ReplicaControl>();
  readonly #exits: ExitReports;
  readonly #looks: ReplicaLooks;
  readonly #checks: ReplicaChecks;
  readonly #starts: ReplicaStarts;
  readonly #configs: ReplicaConfigs;

  constructor(options: ExecutorOptions) {
    this.#options = options;
    this.#actual = options.actual;
    this.#exits = new ExitReports(options.clock);
    const { isAwaited = () => Promise.resolve(true) } = options;
    this.#looks = new ReplicaLooks({
      ...options,
      isAwaited: (id) => (this.#isConfiguring(id) ? Promise.resolve(true) : isAwaited(id)),
    });
    this.#checks = new ReplicaChecks({
      clock: options.clock,
      check: async (id) => {
        const models = await this.#links.get(id)?.checkHealth();
        if (models !== undefined) this.#options.actual.setModels(id, models);
      },
      judge: (id, askedAt) => this.#looks.judge(id, askedAt),
      onAnswered: (id) => this.#looks.forget(id),
      onUnhealthy: (id, reason, how) => this.#onUnhealthy(id, reason, how),
    });
    this.#configs = new ReplicaConfigs({
      ...options,
      look: () => this.#looks.refresh(),
      giveUp: (replica, error) => this.#giveUp(replica, error),
    });
    this.#starts = new ReplicaStarts({
      ...options,
      exits: this.#exits,
      onConnected: (replica, link) => {
        this.#attach(replica.id, link);
        void this.#looks.refresh();
        options.onChange();
      },
      onRunning: (replica) => {
        this.#checks.watch(replica);
        options.onChange();
      },
      giveUp: (replica, error) => this.#giveUp(replica, error),
      replace: (replica) => this.#stop(replica.id, 0),
    });
    options.engine.onExit((info) => this.#onExit(info));
  }

  perform(action: ReplicaAction): void {
    if (action.kind === 'start') this.#start(action.group, action.allocation);
    else if (action.kind === 'equip') equip(action.group, this.#options);
    else if (action.kind === 'pend') this.#starts.pend(action.group, action.reason);
    else if (action.kind === 'refuse') this.#refuse(action.group, action.reason, action.never);
    else if (action.kind === 'initialize') this.#initialize(action.id, action.group);
    else if (action.kind === 'reconfigure') this.#reconfigure(action.id, action.config);
    else if (action.kind === 'expire') this.#expire(action.id, action.timeoutMs);
    else if (action.kind === 'drain') this.#drain(action.id);
    else if (action.kind === 'overcome') this.#overcome(action.group);
    else this.#stop(action.id, this.#actual.replicas.get(action.id)?.drained === true ? STOP_GRACE_MS : ABORT_GRACE_MS);
  }

  /** A connection to a replica of the group that takes requests, if there is one. */
  linkTo(group: GroupKey): ReplicaControl | undefined {
    for (const { id, state } of this.#actual.groups.get(group) ?? []) {
      const link = state === ReplicaState.RUNNING ? this.#links.get(id) : undefined;
      if (link !== undefined) return link;
    }
    return undefined;
  }

  /** Takes over a replica that already runs. */
  adopt(id: string, link: ReplicaControl): void {
    this.#attach(id, link);
    const replica = this.#actual.replicas.get(id);
    if (replica?.state === ReplicaState.DRAINING) void this.#finishDrain(id);
    else if (replica !== undefined) this.#checks.watch(replica);
    void this.#looks.refresh();
  }

  /** Reads which replicas are blocked, for the status. Never rejects. */
  look(): Promise<void> {
    return this.#looks.refresh();
  }

  /** It works on its new configuration, for which this process waits. */
  #isConfiguring(id: string): boolean {
    return this.#configs.has(id) && this.#links.get(id)?.isWaiting !== true;
  }

  #start(group: WantedGroup, allocation: Allocation | null): void {
    const { npm } = group.spec.config.runtimeEnv ?? {};
    // Somebody may have emptied the cache. Then they are installed again.
    if (npm !== undefined && this.#options.packages.find(npm) === undefined) {
      this.#actual.equipment.delete(group.key);
      this.#options.onChange();
    } else this.#starts.start(group, allocation);
  }

  #refuse(group: WantedGroup, reason: string, never: boolean): void {
    this.#starts.refuse(group, reason, never);
    this.#options.onChange();
  }

  #overcome(group: GroupKey): void {
    this.#actual.overcome(group);
    this.#options.onChange();
  }

  #initialize(id: string, group: WantedGroup): void {
    const replica = this.#actual.replicas.get(id);
    const link = this.#links.get(id);
    if (replica !== undefined && link !== undefined) this.#starts.initialize(replica, link, group);
  }

  #expire(id: string, timeoutMs: number): void {
    const replica = this.#actual.replicas.get(id);
    if (replica !== undefined) this.#starts.expire(replica, timeoutMs);
  }

  #reconfigure(id: string, config: DeploymentConfig): void {
    const replica = this.#actual.replicas.get(id);
    const link = this.#links.get(id);
    if (replica === undefined || link === undefined) return;
    this.#configs.send(replica, link, config);
    // The next check follows the new period. A check in progress would use the old timeout.
    this.#checks.watch(replica);
  }

  /** Resolves when every replica of the application has applied its configuration, with the first error of those that did not accept it. */
  configured(app: string): Promise<Error | null> {
    return this.#configs.applied(app);
  }

  #onUnhealthy(id: string, reason: string, { hung, cause }: { readonly hung: boolean; readonly cause?: unknown }): void {
    const replica = this.#actual.replicas.get(id);
    if (replica?.state !== ReplicaState.RUNNING) return;
    this.#options.log.warn(reason);
    replica.hung = hung;
    const error = failure(replica, reason, { ran: true, cause });
    // It can still work.
    if (hasCode(cause, OverMemoryLimit)) this.#retire(replica, error);
    else this.#giveUp(replica, error);
  }

  /** It ends what it has begun, while another one starts. */
  #retire(replica: ReplicaRecord, error: Error): void {
    this.#fail(replica, error);
    this.#drain(replica.id);
    this.#options.onChange();
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

  #attach(id: string, link: ReplicaControl): void {
    this.#links.set(id, link);
    void link.closed.then(() => this.#onLost(id, link));
  }

  /** Called when the connection to a replica has ended. Usually its process has ended too, and the agent reports how. */
  async #onLost(id: string, link: ReplicaControl): Promise<void> {
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
    // If the node leaves in order, the connections to the replica last until its requests have ended.
    if (exit.name === 'NODE_LOST') this.#actual.lose(replica, this.#options.clock.now());
    if (isIdle(replica)) this.#died(replica, exit);
    // While it starts, the code that waits for its answer reports the failure: the constructor's error may still arrive.
    else if (replica.state === ReplicaState.DRAINING || replica.state === ReplicaState.STOPPING) this.#gone(id);
  }

  #died(replica: ReplicaRecord, exit: ExitReport): void {
    const { id, app } = replica;
    // The replica did not cause this, so it is replaced at once on another node.
    if (endedWithNode(exit)) {
      this.#gone(id);
      return;
    }
    const error = exitError(replica, exit, replica.state === ReplicaState.RUNNING);
    // Something else stopped it: the whole cluster ends.
    if (exit.name !== 'STOPPED') this.#options.log.warn(`replica ${id} of ${app} died: ${error.message}`);
    this.#fail(replica, error);
    this.#gone(id);
  }

  /** Counts the failure of a replica and ends its process, which may still run. */
  #giveUp(replica: ReplicaRecord, error: Error): void {
    const { id, app } = replica;
    this.#options.log.info(`replica ${id} of ${app} failed: ${error.message}`);
    this.#fail(replica, error);
    this.#stop(id, ABORT_GRACE_MS);
    this.#options.onChange();
  }

  #fail({ warm, state, since, group }: ReplicaRecord, error: Error): void {
    // If a spare process ends before `initialize`, this is not a failure of the deployment.
    if (warm && state === ReplicaState.STARTING) return;
    const now = this.#options.clock.now();
    this.#actual.fail(group, error, state === ReplicaState.RUNNING ? now - since : null, now);
  }

  #gone(id: string): void {
    this.#checks.forget(id);
    this.#looks.forget(id);
    const path = this.#actual.replicas.get(id)?.path;
    if (path !== undefined) void this.#options.removeSocket(path);
    this.#actual.transition(id, ReplicaEvent.EXITED, this.#options.clock.now());
    this.#links.get(id)?.close();
    this.#links.delete(id);
    this.#exits.forget(id);
    this.#options.onChange();
  }
}

/** True if the replica runs and no call of the controller is on its way to it. Then only its exit shows that it has ended. */
function isIdle({ state, connected }: ReplicaRecord): boolean {
  return state === ReplicaState.RUNNING || (state === ReplicaState.STARTING && connected);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
