import type { Clock, Log } from '../../core/index.js';
import type { Engine } from '../../engine/index.js';
import { type AppSpec, type ControllerOps, type RouteSnapshot, type ServeStatus, Superseded } from '../protocol/index.js';
import { ActualState } from './actual.js';
import { adoptRunning } from './adopt.js';
import type { Checkpoint } from './checkpoint.js';
import { type Deferred, deferred } from './deferred.js';
import { Executor } from './executor.js';
import { failure } from './failure-reason.js';
import { Health } from './health.js';
import { reconcile } from './reconcile.js';
import type { ConnectReplica } from './replica-link.js';
import { SnapshotPublisher } from './snapshot-publisher.js';
import { buildStatus } from './status.js';
import {
  accept,
  emptyTarget,
  type GroupKey,
  groupKey,
  promote,
  reject,
  remove,
  type TargetState,
  wantedGroups,
} from './target.js';
import { validateApp } from './validate.js';

export interface ControllerOptions {
  readonly dir: string;
  readonly replicaMain: string;
  readonly engine: Engine;
  readonly connectReplica: ConnectReplica;
  /** Removes the socket file that a killed replica leaves; never rejects. */
  readonly removeSocket: (path: string) => Promise<void>;
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
}

type Deployed = ControllerOps['deploy']['result'];

/**
 * The control loop. Requests change the target state, which is on disk before it counts; each change of target or actual state runs a round:
 * decide (`reconcile`), mark and carry out, look at the health, publish the routes. A round is synchronous, so routers never see half of one.
 */
export class Controller {
  readonly #options: ControllerOptions;
  readonly #actual: ActualState;
  readonly #health: Health;
  readonly #executor: Executor;
  readonly #snapshots: SnapshotPublisher;
  /** Deploys that wait, by generation. */
  readonly #deploys = new Map<number, { readonly app: string; readonly done: Deferred<Deployed> }>();
  readonly #rounds: (() => void)[] = [];
  #target: TargetState = emptyTarget;
  #changes: Promise<unknown> = Promise.resolve();
  #roundDue = false;
  #cancelWake: () => void = () => {};
  #shuttingDown = false;

  constructor(options: ControllerOptions) {
    const { clock, log } = options;
    this.#options = options;
    this.#actual = new ActualState(log);
    this.#health = new Health(log);
    this.#snapshots = new SnapshotPublisher(clock, options.publish);
    this.#executor = new Executor({
      ...options,
      actual: this.#actual,
      routesVersion: () => this.#snapshots.version,
      onChange: () => this.#roundSoon(),
    });
  }

  /** Loads the checkpoint and takes over what runs. Call it once, before any other method. @throws NBS_CHECKPOINT_UNREADABLE */
  async recover(): Promise<void> {
    const stored = await this.#options.checkpoint.load();
    if (stored !== null) {
      this.#target = stored;
      await adoptRunning({ ...this.#options, actual: this.#actual, executor: this.#executor, wanted: wantedGroups(stored) });
    }
    this.#round();
  }

  /**
   * Resolves when the version runs and every proxy knows.
   * @throws the constructor's error, NBS_DEPLOY_FAILED, NBS_ROUTE_TAKEN, NBS_SUPERSEDED, NBS_CHECKPOINT_FAILED, NBS_INVALID_APP
   */
  async deploy(spec: AppSpec): Promise<Deployed> {
    validateApp(spec);
    const done = deferred<Deployed>();
    // A newer deploy may supersede this one before anybody waits for it.
    done.promise.catch(() => {});
    let generation = 0;
    try {
      await this.#change((target) => {
        if (this.#shuttingDown) throw Superseded({ app: spec.name, newer: 'the cluster is shut down' });
        const next = accept(target, spec, this.#options.clock.now());
        generation = next.generation;
        this.#deploys.set(generation, { app: spec.name, done });
        return next;
      });
    } catch (error) {
      this.#deploys.delete(generation);
      throw error;
    }
    this.#giveUpDeploys(spec.name, generation - 1, 'another deploy of it');
    // Asked for anew: what failed before gets its chance at once.
    for (const { name, replicaHash } of spec.deployments) this.#actual.failures.delete(groupKey(spec.name, name, replicaHash));
    this.#round();
    return done.promise;
  }

  /** Resolves when nothing of the application is left. */
  async delete(name: string): Promise<{ readonly deleted: boolean }> {
    if (!this.#target.apps.has(name) && !this.#health.apps.has(name)) return { deleted: false };
    let last = 0;
    await this.#changeAnyway((target) => {
      last = target.generation;
      return remove(target, name);
    });
    this.#giveUpDeploys(name, last, 'serve.delete');
    const gone = this.#replicasGone((app) => app === name);
    this.#round();
    await gone;
    return { deleted: true };
  }

  status(): ServeStatus {
    return buildStatus(this.#options.url(), this.#health.apps, this.#actual);
  }

  /** Drains and deletes every application; nothing is deployed afterwards. */
  async shutdown(): Promise<void> {
    this.#shuttingDown = true;
    await this.#changeAnyway((target) => ({ ...target, apps: new Map() }));
    for (const { app } of [...this.#deploys.values()])
      this.#giveUpDeploys(app, this.#target.generation, 'the cluster is shut down');
    const gone = this.#replicasGone(() => true);
    this.#round();
    await gone;
  }

  /** Many events of one moment need one round. */
  #roundSoon(): void {
    if (this.#roundDue) return;
    this.#roundDue = true;
    queueMicrotask(() => {
      if (this.#roundDue) this.#round();
    });
  }

  #round(): void {
    this.#roundDue = false;
    const { clock } = this.#options;
    this.#cancelWake();
    this.#cancelWake = () => {};
    for (const action of reconcile(this.#target, this.#actual, clock.now())) {
      if (action.kind === 'promote') void this.#promote(action.app, action.generation);
      else if (action.kind === 'reject') void this.#reject(action.app, action.generation, action.group);
      else if (action.kind === 'wake')
        this.#cancelWake = clock.after(Math.max(1, action.at - clock.now()), () => this.#roundSoon());
      else this.#executor.perform(action);
    }
    this.#actual.forget(wantedGroups(this.#target));
    this.#health.observe(this.#target, this.#actual);
    this.#snapshots.publish(this.#target, this.#actual);
    for (const waiting of [...this.#rounds]) waiting();
  }

  async #promote(app: string, generation: number): Promise<void> {
    this.#actual.switching.add(generation);
    await this.#changeAnyway((target) => {
      const { spec } = target.apps.get(app)?.next ?? {};
      const offers = (spec?.deployments ?? []).flatMap(({ name, replicaHash }) => {
        const offer = this.#actual.offers.get(groupKey(app, name, replicaHash));
        return offer === undefined ? [] : [[name, offer] as const];
      });
      return promote(target, app, generation, Object.fromEntries(offers));
    });
    this.#actual.switching.delete(generation);
    this.#round();
    const waiting = this.#deploys.get(generation);
    // Superseded while this was written down: whoever came between tells it.
    if (waiting === undefined || !this.#isLive(app, generation)) return;
    const routesVersion = this.#snapshots.version;
    await this.#options.proxiesKnow();
    this.#deploys.delete(generation);
    waiting.done.resolve({ app, routesVersion });
  }

  async #reject(app: string, generation: number, group: GroupKey): Promise<void> {
    this.#actual.switching.add(generation);
    const error = this.#actual.failures.get(group)?.error ?? failure({ app, deployment: group }, 'its replicas failed');
    await this.#changeAnyway((target) => reject(target, app, generation, error.message));
    this.#actual.switching.delete(generation);
    this.#round();
    this.#deploys.get(generation)?.done.reject(error);
    this.#deploys.delete(generation);
  }

  #giveUpDeploys(name: string, upTo: number, newer: string): void {
    for (const [generation, { app, done }] of this.#deploys) {
      if (app !== name || generation > upTo || this.#isLive(app, generation)) continue;
      this.#deploys.delete(generation);
      done.reject(Superseded({ app, newer }));
    }
  }

  /** A deploy that was switched to and only waits for the proxies has succeeded, whatever comes after it. */
  #isLive(app: string, generation: number): boolean {
    return this.#target.apps.get(app)?.live?.generation === generation;
  }

  /** One change of the target state after the other; each is on disk before it is acted on. */
  #change(change: (target: TargetState) => TargetState): Promise<void> {
    return this.#enqueue(change, async (next) => this.#options.checkpoint.save(next));
  }

  /** For what must go on although the disk is full: it counts for this controller, and a restarted one decides anew. */
  #changeAnyway(change: (target: TargetState) => TargetState): Promise<void> {
    return this.#enqueue(change, async (next) => {
      try {
        await this.#options.checkpoint.save(next);
      } catch (error) {
        this.#options.log.error(`${(error as Error).message}; going on without`);
      }
    });
  }

  #enqueue(change: (target: TargetState) => TargetState, save: (next: TargetState) => Promise<void>): Promise<void> {
    const run = async (): Promise<void> => {
      const next = change(this.#target);
      if (next === this.#target) return;
      await save(next);
      this.#target = next;
    };
    const done = this.#changes.then(run);
    this.#changes = done.catch(() => {});
    return done;
  }

  /** Resolves after the round in which the last of the present replicas that match was gone. */
  #replicasGone(match: (app: string) => boolean): Promise<void> {
    const waited = [...this.#actual.replicas.values()].filter(({ app }) => match(app)).map(({ id }) => id);
    return new Promise((resolve) => {
      const check = (): void => {
        if (waited.some((id) => this.#actual.replicas.has(id))) return;
        this.#rounds.splice(this.#rounds.indexOf(check), 1);
        resolve();
      };
      this.#rounds.push(check);
    });
  }
}
