import type { Clock } from '../../core/index.js';
import { type AppSpec, type ReplicaReady, RouteTaken, Superseded } from '../protocol/index.js';
import { DeployedTogether } from './errors.js';
import { type Deployed, PendingDeploys } from './pending-deploys.js';
import { type Action, type ActualState, type Executor, failure } from './replicas/index.js';
import {
  type AppTarget,
  type AppVersion,
  accept,
  groupKey,
  ownerOf,
  type Promotion,
  promote,
  promoteTogether,
  reject,
  removedBy,
  removesOf,
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

interface OpenPromotion extends Promotion {
  before: TargetState;
  after: TargetState;
  readonly deleted: Set<string>;
}

/** What happens to a deploy: it is accepted, its version becomes the live one or is refused, and its caller gets the outcome. */
export class Deploys {
  readonly #parts: DeploysOptions;
  readonly #pending = new PendingDeploys();
  readonly #trials = new Trials();
  /** Configurations that are being tried, in their order. */
  readonly #promotions = new Set<OpenPromotion>();
  #isClosed = false;

  constructor(parts: DeploysOptions) {
    this.#parts = parts;
  }

  get #target(): TargetState {
    return this.#parts.store.current;
  }

  /** The applications that come back if a configuration that is being tried is refused. */
  get removed(): ReadonlyMap<string, AppTarget> {
    return new Map([...this.#promotions].flatMap(removedBy));
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
          this.#checkRoute(spec);
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

  /** Checks that no other application may come back to this prefix. @throws NBS_ROUTE_TAKEN */
  #checkRoute({ name, routePrefix: prefix, together }: AppSpec): void {
    if (prefix === null) return;
    const own = new Set([name, ...(together?.members ?? []), ...(together?.removes ?? [])]);
    const owner = this.#trials.ownerOf(prefix, own) ?? ownerOf({ apps: this.removed }, prefix, own);
    if (owner !== null) throw RouteTaken({ prefix, app: owner });
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

  /** What a refused configuration has removed, and a later one that is still tried does not name either, comes back only if that is refused too. */
  #handOver(refused: OpenPromotion): void {
    const open = [...this.#promotions];
    for (const later of open.slice(open.indexOf(refused) + 1)) {
      if (later.after === later.before) continue;
      const removes = removesOf(later);
      for (const [app, old] of removedBy(refused)) {
        if (!removes.includes(app)) continue;
        refused.deleted.add(app);
        later.before = { ...later.before, apps: new Map(later.before.apps).set(app, old) };
      }
    }
  }

  /** What an accepted configuration does not name does not come back if an earlier one is refused. */
  #confirm(accepted: OpenPromotion): void {
    for (const earlier of this.#promotions) {
      if (earlier === accepted) break;
      for (const app of removesOf(accepted)) earlier.deleted.add(app);
    }
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
    const promotion: OpenPromotion = {
      versions: together.versions,
      before: this.#target,
      after: this.#target,
      deleted: new Set(),
    };
    this.#promotions.add(promotion);
    await this.#parts.store.changeAnyway((target) => {
      const after = promoteTogether(target, id, (app, version) => this.#offersOf(app, version), this.#parts.clock.now());
      promotion.before = target;
      promotion.after = after;
      if (after !== target)
        for (const { app, generation } of versions) this.#trials.begin(app, generation, target.apps.get(app)?.live ?? null);
      return after;
    });
    const { before, after } = promotion;
    for (const { generation } of versions) this.#parts.actual.switching.delete(generation);
    this.#parts.onChange();
    for (const app of before.apps.keys())
      if (!after.apps.has(app)) this.supersede(app, this.#target.generation, 'a configuration without it');
    // If a newer request came before this was written, nothing has become live, and that request informs the callers.
    const live = after === before ? [] : versions;
    const refusals = await Promise.all(
      live.map(async ({ app, generation }) => {
        const error = await this.#parts.executor.configured(app);
        if (error === null) this.#trials.applied(app, generation);
        return { app, generation, error };
      }),
    );
    const back = (app: string, generation: number): AppVersion | null => this.#trials.goBackTo(app, generation);
    const refused = refusals.find(({ app, generation, error }) => error !== null && back(app, generation) !== null);
    if (refused !== undefined) {
      const { message } = refused.error as Error;
      await this.#parts.store.changeAnyway((target) => {
        if (this.#isClosed) return target;
        this.#handOver(promotion);
        return revertTogether(target, promotion, back, message, this.#parts.clock.now());
      });
      for (const { app, generation } of live) this.#trials.end(app, generation, false);
      this.#promotions.delete(promotion);
      this.#parts.onChange();
      for (const { app, generation } of live) {
        const own = app === refused.app ? refused.error : DeployedTogether({ app, other: refused.app, reason: message });
        this.#pending.reject(generation, own);
      }
      return;
    }
    for (const { app, generation } of live) this.#trials.end(app, generation, true);
    if (live.length > 0) this.#confirm(promotion);
    this.#promotions.delete(promotion);
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

  /** To be called when a user deletes the application: it does not come back. Returns whether it might have. */
  forget(app: string): boolean {
    const mightComeBack = this.removed.has(app);
    for (const { deleted } of this.#promotions) deleted.add(app);
    return mightComeBack;
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
