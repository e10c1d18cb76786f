import type { Clock } from '../../core/index.js';
import { type AppSpec, type ReplicaReady, Superseded } from '../protocol/index.js';
import { DeployedTogether } from './errors.js';
import { type Deployed, PendingDeploys } from './pending-deploys.js';
import { type Action, type ActualState, type Executor, failure } from './replicas/index.js';
import {
  type AppVersion,
  accept,
  groupKey,
  promote,
  promoteTogether,
  reject,
  revert,
  revertTogether,
  type TargetState,
  type TargetStore,
  togetherIn,
  validateApp,
} from './target/index.js';
import { Trials } from './trials.js';

interface DeploysOptions {
  readonly store: TargetStore;
  readonly actual: ActualState;
  readonly executor: Executor;
  readonly clock: Clock;
  /** Resolves when every proxy has applied the last snapshot, or after a time; never rejects. */
  readonly proxiesKnow: () => Promise<void>;
  /** The version of the last snapshot. */
  readonly routesVersion: () => number;
  /** Is called when the target state has changed; runs a round. */
  readonly onChange: () => void;
}

/** What happens to a deploy: it is accepted, its version becomes the live one or is refused, and its caller gets the outcome. */
export class Deploys {
  readonly #parts: DeploysOptions;
  readonly #pending = new PendingDeploys();
  readonly #trials = new Trials();
  /** For each configuration that is being tried: the applications that users delete meanwhile. They do not come back if it is refused. */
  readonly #deletions = new Set<Set<string>>();
  #isClosed = false;

  constructor(parts: DeploysOptions) {
    this.#parts = parts;
  }

  get #target(): TargetState {
    return this.#parts.store.current;
  }

  /** All of them are accepted, or none. Returns the promise of each application's deploy, which settles when its version runs or is refused. */
  async accept(specs: readonly AppSpec[]): Promise<ReadonlyMap<string, Promise<Deployed>>> {
    for (const spec of specs) validateApp(spec);
    const generations = new Map<string, number>();
    const deployed = new Map<string, Promise<Deployed>>();
    try {
      await this.#parts.store.change((target) => {
        if (this.#isClosed) throw Superseded({ app: specs[0]?.name ?? '', newer: 'the cluster is shut down' });
        let next = target;
        for (const spec of specs) {
          next = accept(next, spec, this.#parts.clock.now());
          generations.set(spec.name, next.generation);
        }
        // This is before the state is on disk, because a newer deploy may come meanwhile.
        for (const [app, generation] of generations) deployed.set(app, this.#pending.add(generation, app));
        return next;
      });
    } catch (error) {
      for (const generation of generations.values()) this.#pending.reject(generation, error);
      throw error;
    }
    for (const [app, generation] of generations) this.supersede(app, generation - 1, 'another deploy of it');
    const { actual, clock } = this.#parts;
    for (const { name: app, deployments } of specs)
      for (const { name, replicaHash } of deployments) actual.renew(groupKey(app, name, replicaHash), clock.now());
    this.#parts.onChange();
    return deployed;
  }

  async promote(app: string, generation: number): Promise<void> {
    let isLive = false as boolean;
    this.#parts.actual.switching.add(generation);
    await this.#parts.store.changeAnyway((target) => {
      const { live = null, next } = target.apps.get(app) ?? {};
      if (next?.generation !== generation) return target;
      isLive = true;
      this.#trials.begin(app, generation, live);
      return promote(target, app, generation, this.#offersOf(app, next));
    });
    this.#parts.actual.switching.delete(generation);
    this.#parts.onChange();
    // A newer request came before this was written; it informs the caller.
    if (!isLive) return;
    const refusal = await this.#parts.executor.configured(app);
    const before = this.#trials.goBackTo(app, generation);
    if (refusal !== null && before !== null) {
      await this.#parts.store.changeAnyway((target) => revert(target, app, generation, before, refusal.message));
      this.#trials.end(app, generation, false);
      this.#parts.onChange();
      this.#pending.reject(generation, refusal);
      return;
    }
    this.#trials.end(app, generation, true);
    const routesVersion = this.#parts.routesVersion();
    await this.#parts.proxiesKnow();
    this.#pending.resolve(generation, { app, routesVersion });
  }

  #offersOf(app: string, { spec }: AppVersion): Readonly<Record<string, ReplicaReady>> {
    const offers = spec.deployments.flatMap(({ name, replicaHash }) => {
      const offer = this.#parts.actual.offers.get(groupKey(app, name, replicaHash));
      return offer === undefined ? [] : [[name, offer] as const];
    });
    return Object.fromEntries(offers);
  }

  /** Switches the routes of all versions of a configuration with one change, and so with one snapshot. */
  async promoteTogether(id: string): Promise<void> {
    const together = togetherIn(this.#target).find((one) => one.id === id);
    if (together === undefined) return;
    const versions = [...together.versions].map(([app, { generation }]) => ({ app, generation }));
    for (const { generation } of versions) this.#parts.actual.switching.add(generation);
    const deleted = new Set<string>();
    this.#deletions.add(deleted);
    let before = this.#target;
    let after = before;
    await this.#parts.store.changeAnyway((target) => {
      before = target;
      after = promoteTogether(target, id, (app, version) => this.#offersOf(app, version), this.#parts.clock.now());
      if (after !== before)
        for (const { app, generation } of versions) this.#trials.begin(app, generation, before.apps.get(app)?.live ?? null);
      return after;
    });
    for (const { generation } of versions) this.#parts.actual.switching.delete(generation);
    this.#parts.onChange();
    for (const app of before.apps.keys())
      if (!after.apps.has(app)) this.supersede(app, this.#target.generation, 'a configuration without it');
    // If a newer request came before this was written, nothing has become live, and that request informs the callers.
    const live = after === before ? [] : versions;
    const refusals = await Promise.all(
      live.map(async ({ app, generation }) => ({ app, generation, error: await this.#parts.executor.configured(app) })),
    );
    const back = (app: string, generation: number): AppVersion | null => this.#trials.goBackTo(app, generation);
    const refused = refusals.find(({ app, generation, error }) => error !== null && back(app, generation) !== null);
    if (refused !== undefined) {
      const { message } = refused.error as Error;
      const promotion = { versions: together.versions, before, after, deleted };
      await this.#parts.store.changeAnyway((target) =>
        this.#isClosed ? target : revertTogether(target, promotion, back, message, this.#parts.clock.now()),
      );
      for (const { app, generation } of live) this.#trials.end(app, generation, false);
      this.#deletions.delete(deleted);
      this.#parts.onChange();
      for (const { app, generation } of live) {
        const own = app === refused.app ? refused.error : DeployedTogether({ app, other: refused.app, reason: message });
        this.#pending.reject(generation, own);
      }
      return;
    }
    for (const { app, generation } of live) this.#trials.end(app, generation, true);
    this.#deletions.delete(deleted);
    const routesVersion = this.#parts.routesVersion();
    await this.#parts.proxiesKnow();
    for (const { app, generation } of live) this.#pending.resolve(generation, { app, routesVersion });
  }

  async reject({ app, generation, group, because }: Extract<Action, { kind: 'reject' }>): Promise<void> {
    this.#parts.actual.switching.add(generation);
    const { failures, refusals } = this.#parts.actual;
    const cause = refusals.get(group) ?? failures.get(group)?.error;
    const reason = cause?.message ?? 'a newer request for it came';
    const error =
      because === undefined
        ? (cause ?? failure({ app, deployment: group }, 'its replicas failed'))
        : DeployedTogether({ app, other: because, reason });
    await this.#parts.store.changeAnyway((target) => reject(target, app, generation, error.message));
    this.#parts.actual.switching.delete(generation);
    refusals.delete(group);
    this.#parts.onChange();
    this.#pending.reject(generation, error);
  }

  supersede(app: string, upTo: number, newer: string): void {
    this.#pending.supersede(app, upTo, this.#target.apps.get(app)?.live?.generation, newer);
  }

  /** To be called when a user deletes the application: it does not come back. */
  forget(app: string): void {
    for (const deleted of this.#deletions) deleted.add(app);
  }

  /** From now on, every deploy is refused, because the cluster is shut down. */
  close(): void {
    this.#isClosed = true;
  }

  /** Fails the deploys that wait, because the cluster is shut down. */
  supersedeAll(): void {
    this.#pending.supersedeAll('the cluster is shut down');
  }
}
