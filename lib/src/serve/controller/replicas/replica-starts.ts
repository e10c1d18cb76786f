import { type Clock, hasCode, type Log, replicaSocket } from '../../../core/index.js';
import { type Engine, type ExitReport, endedWithNode, NodeLost } from '../../../engine/index.js';
import { isPlace, PeerGone } from '../../../ipc/index.js';
import { type Allocation, blobsOf, deploymentKey, type ReplicaInit, ReplicaState } from '../../protocol/index.js';
import type { GroupKey, WantedGroup } from '../target/index.js';
import { type ActualState, isComingUp, type ReplicaRecord } from './actual.js';
import { NeverFits } from './errors.js';
import type { ExitReports } from './exit-reports.js';
import { exitError, failure } from './failure-reason.js';
import { newReplicaId, replicaProcess, surroundingsOf } from './process-spec.js';
import type { ConnectControl, ReplicaControl } from './replica-control.js';
import { ReplicaEvent } from './replica-state.js';
import type { SparePool } from './spare-pool.js';

export interface ReplicaStartsOptions {
  readonly dir: string;
  /** Entry file of a replica's process. */
  readonly replicaMain: string;
  readonly actual: ActualState;
  readonly engine: Engine;
  readonly connectControl: ConnectControl;
  readonly clock: Clock;
  readonly log: Pick<Log, 'info'>;
  readonly spares: Pick<SparePool, 'take'>;
  readonly exits: ExitReports;
  /** Version of the last published snapshot. */
  readonly routesVersion: () => number;
  /** Called when its process listens: watch this connection. */
  readonly onConnected: (replica: ReplicaRecord, link: ReplicaControl) => void;
  /** Called when its constructor has returned. */
  readonly onRunning: (replica: ReplicaRecord) => void;
  /** Called when its process ended for a reason that the replica has not caused: its node is down, for example. */
  readonly replace: (replica: ReplicaRecord) => void;
  /** Counts the failure and ends the process, which may still run. */
  readonly giveUp: (replica: ReplicaRecord, error: Error) => void;
}

/** Starts replicas: from the choice of a place to the return of the constructor. */
export class ReplicaStarts {
  readonly #options: ReplicaStartsOptions;
  readonly #actual: ActualState;
  /** Groups that had a spare process which was killed when it became their replica. */
  readonly #killedSpares = new Set<GroupKey>();

  constructor(options: ReplicaStartsOptions) {
    this.#options = options;
    this.#actual = options.actual;
  }

  /** Notes that a group waits for room, with the reason; `null` means that it no longer waits. */
  pend(group: GroupKey, reason: string | null): void {
    const { pending } = this.#actual;
    if (reason === null) pending.delete(group);
    else pending.set(group, { reason, since: pending.get(group)?.since ?? this.#options.clock.now() });
  }

  /** To be called when there was no room for too long, or when there will never be room. */
  refuse({ key, app, name: deployment, startupTimeoutMs }: WantedGroup, reason: string, never: boolean): void {
    const told = `there was no room for it within ${startupTimeoutMs} ms (startupTimeout): ${reason}; an update needs room beside the version that runs: delete that first, or ask for less`;
    this.#actual.pending.delete(key);
    const error = never ? NeverFits({ app, deployment, reason }) : failure({ app, deployment }, told);
    this.#actual.refusals.set(key, error);
  }

  /** Makes the replica from a spare process if one fits; otherwise starts a process. */
  start(group: WantedGroup, allocation: Allocation | null): void {
    const { dir, replicaMain: main, engine, clock, log, connectControl, onConnected, spares } = this.#options;
    const { app, name: deployment, spec, version, startupTimeoutMs } = group;
    const surroundings = surroundingsOf(dir, spec, allocation);
    const spare = spares.take(surroundings, allocation?.node);
    const id =
      spare === null ? newReplicaId(deployment, (taken) => this.#actual.replicas.has(taken)) : `${deployment}#${spare.suffix}`;
    const path = replicaSocket(dir, id);
    const output = deploymentKey(app, deployment);
    const { replicaHash, config } = spec;
    const { generation } = version;
    const warm = spare !== null;
    const replica = this.#actual.add(
      { id, app, deployment, replicaHash, generation, path, config, allocation, warm },
      clock.now(),
    );
    const isStarting = (): boolean => replica.state === ReplicaState.STARTING;
    const cold = async (): Promise<ReplicaControl> => {
      const place = await engine.start(
        replicaProcess({ dir, main, id, logGroup: output, node: allocation?.node, surroundings, startupTimeoutMs }),
      );
      if (place !== undefined) this.#actual.placed(replica, place);
      return connectControl(place ?? path);
    };
    const open = async (): Promise<ReplicaControl | null> => {
      if (spare === null) return cold();
      try {
        await engine.rename(spare.id, id, output);
      } catch (error) {
        // The process ended a moment ago; the deployment has not caused this.
        log.info(`spare process ${spare.id} cannot become ${id}, which is started instead: ${messageOf(error)}`);
        return isStarting() ? cold() : null;
      }
      const link = await spare.link;
      if (isStarting()) this.#actual.placed(replica, spare.path);
      return link;
    };
    const run = async (): Promise<void> => {
      const link = await open();
      if (!isStarting()) return link?.close();
      replica.connected = true;
      onConnected(replica, link as ReplicaControl);
    };
    run().catch((error: unknown) => this.#failed(replica, error));
  }

  /** Sends `initialize` to the replica. */
  initialize(replica: ReplicaRecord, link: ReplicaControl, { spec }: WantedGroup): void {
    const { id, app, deployment, replicaHash, generation, allocation, group } = replica;
    const packages = this.#actual.equipment.get(group)?.folder ?? undefined;
    this.#actual.transition(id, ReplicaEvent.INITIALIZE, this.#options.clock.now());
    const run = async (): Promise<void> => {
      // The snapshot of this round must be published first, because the constructor may call what it contains.
      await Promise.resolve();
      if (allocation !== null && isPlace(replica.path)) await this.#options.engine.bring(allocation.node, blobsOf(spec.code));
      const init: ReplicaInit = {
        app,
        deployment,
        replicaId: id,
        surroundings: surroundingsOf(this.#options.dir, spec, allocation),
        code: spec.code,
        ...(packages === undefined ? {} : { packages }),
        initArgs: spec.initArgs,
        config: spec.config,
        ...(spec.schema === undefined ? {} : { schema: spec.schema }),
        replicaHash,
        generation,
        allocation,
        routesVersion: this.#options.routesVersion(),
      };
      const { models = [], ...offer } = await link.initialize(init);
      if (!this.#actual.transition(id, ReplicaEvent.READY, this.#options.clock.now())) return;
      replica.config = spec.config;
      replica.models = models;
      this.#killedSpares.delete(replica.group);
      this.#actual.offers.set(replica.group, offer);
      this.#options.onRunning(replica);
    };
    run().catch((error: unknown) => this.#failed(replica, error));
  }

  /** To be called when the replica was not started in time. */
  expire(replica: ReplicaRecord, timeoutMs: number): void {
    const reason = `replica ${replica.id} was not ready after ${timeoutMs} ms; raise startupTimeout if its constructor needs longer`;
    this.#options.giveUp(replica, failure(replica, reason));
  }

  async #failed(replica: ReplicaRecord, error: unknown): Promise<void> {
    const { exits, giveUp, replace } = this.#options;
    if (!isComingUp(replica)) return;
    if (hasCode(error, NodeLost)) return replace(replica);
    const fromReplica = replica.state === ReplicaState.INITIALIZING && !hasCode(error, PeerGone);
    const exit = fromReplica ? null : await exits.of(replica.id);
    if (!isComingUp(replica)) return;
    const cause = error instanceof Error ? error : new Error(String(error));
    if ((exit !== null && endedWithNode(exit)) || this.#wasKilledWhileSpare(replica, exit)) replace(replica);
    else if (fromReplica) giveUp(replica, cause);
    else if (exit !== null) giveUp(replica, exitError(replica, exit, false));
    else giveUp(replica, failure(replica, `replica ${replica.id} could not be started: ${cause.message}`, { cause }));
  }

  /**
   * Whether the replica may have been killed before its process knew what it is to become: its end and `initialize` cross on their ways. A constructor that
   * has its process killed is believed the second time.
   */
  #wasKilledWhileSpare({ warm, group }: ReplicaRecord, exit: ExitReport | null): boolean {
    if (!warm || exit?.signal !== 'SIGKILL' || this.#killedSpares.has(group)) return false;
    this.#killedSpares.add(group);
    return true;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
