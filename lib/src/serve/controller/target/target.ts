import { type AppSpec, type DeploymentSpec, type ReplicaReady, RouteTaken } from '../../protocol/index.js';
import { ownerOf } from './traffic-names.js';
import { type TrafficRules, withoutApp } from './traffic-rule.js';

/** One accepted version of an application. */
export interface AppVersion {
  /** Grows with each accepted deploy of the cluster. */
  readonly generation: number;
  readonly spec: AppSpec;
  /** Milliseconds since the epoch. */
  readonly acceptedAt: number;
  /** What each deployment offers; known when the version has run. */
  readonly offers: Readonly<Record<string, ReplicaReady>>;
}

/** The wanted state of an application. At least one of the three versions is present. */
export interface AppTarget {
  /** The version that routes lead to. */
  readonly live: AppVersion | null;
  /** The version that is being started beside it. */
  readonly next: AppVersion | null;
  /** The last version that could not be started, until a newer one is accepted. */
  readonly failed: { readonly spec: AppSpec; readonly message: string; readonly acceptedAt: number } | null;
}

/** What the users want. Only this state is in the checkpoint. It is never changed in place. */
export interface TargetState {
  /** The last generation that was used. */
  readonly generation: number;
  readonly apps: ReadonlyMap<string, AppTarget>;
  /** Splits by route prefix. The versions include the owner of the prefix, if it has one. */
  readonly traffic: TrafficRules;
}

export const emptyTarget: TargetState = { generation: 0, apps: new Map(), traffic: new Map() };

/**
 * Accepts `spec` as the next version of its application. It replaces a version that is still being started. Its prefix may be that of an application
 * that is deployed together with it, or removed by that deploy, because those routes change at the same moment.
 * @throws NBS_ROUTE_TAKEN
 */
export function accept(target: TargetState, spec: AppSpec, now: number): TargetState {
  if (spec.routePrefix !== null) {
    const owner = routeOwner(target, spec.routePrefix, spec);
    if (owner !== null) throw RouteTaken({ prefix: spec.routePrefix, app: owner });
  }
  const generation = target.generation + 1;
  const next: AppVersion = { generation, spec, acceptedAt: now, offers: {} };
  const live = target.apps.get(spec.name)?.live ?? null;
  return { ...target, generation, apps: withApp(target, spec.name, { live, next, failed: null }) };
}

/** Makes the version that was being started the live one. */
export function promote(
  target: TargetState,
  app: string,
  generation: number,
  offers: Readonly<Record<string, ReplicaReady>>,
): TargetState {
  const next = target.apps.get(app)?.next;
  if (next?.generation !== generation) return target;
  return { ...target, apps: withApp(target, app, { live: { ...next, offers }, next: null, failed: null }) };
}

/** Gives up the version that was being started; the live one stays. */
export function reject(target: TargetState, app: string, generation: number, message: string): TargetState {
  const current = target.apps.get(app);
  if (current?.next?.generation !== generation) return target;
  const { spec, acceptedAt } = current.next;
  return { ...target, apps: withApp(target, app, { live: current.live, next: null, failed: { spec, message, acceptedAt } }) };
}

/** Goes back to the version that was live before, because replicas that both versions share refused the new one's configuration. */
export function revert(target: TargetState, app: string, generation: number, before: AppVersion, message: string): TargetState {
  const current = target.apps.get(app);
  if (current?.live?.generation !== generation) return target;
  const { spec, acceptedAt } = current.live;
  const failed = current.next === null ? { spec, message, acceptedAt } : null;
  return { ...target, apps: withApp(target, app, { live: before, next: current.next, failed }) };
}

export function remove(target: TargetState, app: string, now: number): TargetState {
  const apps = new Map(target.apps);
  apps.delete(app);
  return { ...target, apps, traffic: withoutApp(target.traffic, app, now) };
}

/** A set of interchangeable replicas: they have the same application, deployment and replica hash. */
export type GroupKey = string;

/** Names contain no `/`. */
export const groupKey = (app: string, deployment: string, replicaHash: string): GroupKey => `${app}/${deployment}/${replicaHash}`;

export const appOf = (group: GroupKey): string => group.slice(0, group.indexOf('/'));

/** The wanted state of one group. */
export interface WantedGroup {
  readonly key: GroupKey;
  readonly app: string;
  readonly name: string;
  /** Number of replicas for the live version; 0 if it does not want this group. */
  readonly liveCount: number;
  /** Number of replicas for the next version; 0 if there is none, or if it does not want this group. */
  readonly nextCount: number;
  /** New replicas are made from this. */
  readonly spec: DeploymentSpec;
  /** The version for which new replicas are started: the live one if it wants the group. */
  readonly version: AppVersion;
  readonly inLive: boolean;
  readonly inNext: boolean;
  /** How long a start may take, according to the newest version. */
  readonly startupTimeoutMs: number;
}

const wanted = new WeakMap<TargetState, ReadonlyMap<GroupKey, WantedGroup>>();

/** Every group that some version wants, by key. */
export function wantedGroups(target: TargetState): ReadonlyMap<GroupKey, WantedGroup> {
  const known = wanted.get(target) ?? findWanted(target);
  wanted.set(target, known);
  return known;
}

function findWanted(target: TargetState): Map<GroupKey, WantedGroup> {
  const groups = new Map<GroupKey, WantedGroup>();
  for (const [app, versions] of target.apps) {
    const ofApp = wantedOfApps.get(versions) ?? wantedOfApp(app, versions);
    wantedOfApps.set(versions, ofApp);
    for (const group of ofApp) groups.set(group.key, group);
  }
  return groups;
}

const wantedOfApps = new WeakMap<AppTarget, readonly WantedGroup[]>();

function wantedOfApp(app: string, { live, next }: AppTarget): readonly WantedGroup[] {
  const groups = new Map<GroupKey, WantedGroup>();
  for (const spec of live?.spec.deployments ?? []) {
    const key = groupKey(app, spec.name, spec.replicaHash);
    const { numReplicas, startupTimeoutMs } = spec.config;
    groups.set(key, {
      key,
      app,
      name: spec.name,
      liveCount: numReplicas,
      nextCount: 0,
      spec,
      version: live as AppVersion,
      inLive: true,
      inNext: false,
      startupTimeoutMs,
    });
  }
  for (const spec of next?.spec.deployments ?? []) {
    const key = groupKey(app, spec.name, spec.replicaHash);
    const { numReplicas, startupTimeoutMs } = spec.config;
    const shared = groups.get(key);
    const own = { liveCount: 0, spec, version: next as AppVersion, inLive: false };
    groups.set(key, { ...own, key, app, name: spec.name, ...shared, nextCount: numReplicas, inNext: true, startupTimeoutMs });
  }
  return [...groups.values()];
}

/** The deployments of `version` that must run before the constructor of `name` is called. */
export function dependenciesOf(version: AppVersion, name: string): readonly DeploymentSpec[] {
  const { deployments } = version.spec;
  const index = deployments.findIndex((deployment) => deployment.name === name);
  const named = deployments[index]?.dependencies;
  if (named === undefined) return deployments.slice(0, Math.max(0, index));
  return deployments.filter((deployment) => named.includes(deployment.name));
}

/** The other application that answers a prefix: its owner, or versions that it is split between. */
function routeOwner(target: TargetState, prefix: string, { name, together }: AppSpec): string | null {
  const { members = [name], removes = [] } = together ?? {};
  const arms = (target.traffic.get(prefix)?.arms ?? []).filter(({ app }) => !removes.includes(app));
  const stranger = arms.some(({ app }) => app === name) ? undefined : arms[0]?.app;
  return ownerOf(target, prefix, new Set([...members, ...removes])) ?? stranger ?? null;
}

function withApp(target: TargetState, name: string, app: AppTarget): ReadonlyMap<string, AppTarget> {
  return new Map(target.apps).set(name, app);
}
