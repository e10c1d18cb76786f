import {
  type AutoscalingConfig,
  type DeploymentConfig,
  type DeploymentKey,
  type DeploymentRoute,
  type DeploymentSpec,
  deploymentKey,
  partOf,
  ReplicaState,
  type RisingRoute,
  type Route,
  type RouteAutoscaling,
  type RouteSnapshot,
  scopedDeploymentKey,
} from '../../protocol/index.js';
import { waitOf } from '../health/index.js';
import { type ActualView, byGroup, keepsFailing, missingDependencies, presentFailure, rollsInto } from '../replicas/index.js';
import { type AppTarget, type AppVersion, groupKey, type TargetState } from '../target/index.js';
import { splitRoutes } from './split-routes.js';

export type Routes = Omit<RouteSnapshot, 'version'>;

const HOLD_MARGIN_MS = 5000;

/**
 * The snapshot for routers. Pure.
 * Routes lead only to live versions. Handles can reach deployments of a version that is being started: under their own name if the live version has
 * no deployment of that name, otherwise under their scoped name, which only replicas of that version use.
 */
export function buildRoutes(target: TargetState, actual: ActualView, expected: readonly RisingRoute[] = []): Routes {
  const deployments: Record<string, DeploymentRoute> = {};
  for (const [app, versions] of target.apps) {
    for (const [key, route] of deploymentRoutes(app, versions, actual)) deployments[key] = route;
  }
  const rising = risingRoutes(target, expected);
  return { ...entrances(target), ...(rising.length === 0 ? {} : { rising }), deployments };
}

/** The routes of applications that do not run yet. */
function risingRoutes({ apps }: TargetState, expected: readonly RisingRoute[]): readonly RisingRoute[] {
  const rising = new Map<string, RisingRoute>();
  for (const route of expected) if (!apps.get(route.app)?.live) rising.set(route.prefix, route);
  for (const [app, { live, next }] of apps) {
    const prefix = next?.spec.routePrefix ?? null;
    if (live === null && prefix !== null) rising.set(prefix, { prefix, app });
  }
  return [...rising.values()];
}

type Keyed = readonly (readonly [DeploymentKey, DeploymentRoute])[];
const known = new WeakMap<AppTarget, { readonly by: readonly unknown[]; readonly made: Keyed }>();

/** Returns the same objects while nothing that they are made from changes. */
function deploymentRoutes(app: string, versions: AppTarget, actual: ActualView): Keyed {
  const by = [actual, actual.revisions.get(app)];
  const last = known.get(versions);
  if (last?.by.every((one, i) => one === by[i]) === true) return last.made;
  const made = makeDeploymentRoutes(app, versions, actual);
  known.set(versions, { by, made });
  return made;
}

function makeDeploymentRoutes(app: string, versions: AppTarget, actual: ActualView): Keyed {
  const { live, next } = versions;
  const made = (live?.spec.deployments ?? []).map((spec): Keyed[number] => [
    deploymentKey(app, spec.name),
    makeRoute(app, versions, spec, live as AppVersion, actual),
  ]);
  const liveHashes = new Map(live?.spec.deployments.map((spec) => [spec.name, spec.replicaHash]));
  for (const spec of next?.spec.deployments ?? []) {
    const liveHash = liveHashes.get(spec.name);
    if (next === null || liveHash === spec.replicaHash) continue;
    const key = liveHash === undefined ? deploymentKey(app, spec.name) : scopedDeploymentKey(app, spec.name, next.generation);
    made.push([key, makeRoute(app, versions, spec, next, actual)]);
  }
  return made;
}

type Entrances = Pick<Routes, 'routes' | 'ingresses'>;
const knownEntrances = new WeakMap<TargetState, Entrances>();

function entrances(target: TargetState): Entrances {
  const known = knownEntrances.get(target) ?? makeEntrances(target);
  knownEntrances.set(target, known);
  return known;
}

function makeEntrances(target: TargetState): Entrances {
  const own: Route[] = [];
  const ingresses: Record<string, string> = {};
  for (const [app, { live }] of target.apps) {
    if (live === null) continue;
    const { routePrefix, ingress } = live.spec;
    ingresses[app] = ingress;
    if (routePrefix !== null) own.push(routeTo(app, live, routePrefix));
  }
  const routes = splitRoutes(own, target);
  routes.sort((a, b) => b.prefix.length - a.prefix.length || (a.prefix < b.prefix ? -1 : 1));
  return { routes, ingresses };
}

const knownRoutes = new WeakMap<AppVersion, Route>();

function routeTo(app: string, version: AppVersion, prefix: string): Route {
  const known = knownRoutes.get(version) ?? { prefix, app, deployment: version.spec.ingress };
  knownRoutes.set(version, known);
  return known;
}

function makeRoute(
  app: string,
  target: AppTarget,
  spec: DeploymentSpec,
  version: AppVersion,
  actual: ActualView,
): DeploymentRoute {
  const present = byGroup(actual);
  const into = version === target.live ? rollsInto(target, spec.name) : undefined;
  const key = groupKey(app, spec.name, spec.replicaHash);
  // While one version replaces another one replica by replica, both answer.
  const there = [key, ...(into === undefined ? [] : [groupKey(app, into.name, into.replicaHash)])].flatMap(
    (k) => present.get(k) ?? [],
  );
  const running = there.filter(({ state }) => state === ReplicaState.RUNNING);
  const hung = there.filter((replica) => replica.hung);
  const lost = actual.lost.get(deploymentKey(app, spec.name));
  const offer = actual.offers.get(key) ?? version.offers[spec.name];
  const { autoscaling } = spec.config;
  const unavailable = running.length === 0 ? whyNone(app, target, version, spec, actual) : undefined;
  const waits = running.length === 0 ? waitOf(app, target, version, spec, actual) : null;
  return {
    app,
    name: spec.name,
    replicas: running.map((replica) => replica.route),
    ...partOf('routes', spec.config),
    methods: offer?.methods ?? null,
    http: offer?.http ?? true,
    ...(offer?.isFunction === true ? { isFunction: true } : {}),
    ...(offer?.upgrades === true ? { upgrades: true } : {}),
    ...(hung.length === 0 ? {} : { hung: hung.map(({ id }) => id) }),
    ...(lost === undefined ? {} : { lost: lost.map(({ id }) => id) }),
    ...(unavailable === undefined ? {} : { unavailable }),
    ...(waits === null ? {} : { waits }),
    ...(autoscaling === undefined ? {} : { autoscaling: routeAutoscaling(spec.config, autoscaling) }),
  };
}

/** Why requests must not wait for a replica; `undefined` if one is being started, or if requests start one. */
function whyNone(
  app: string,
  target: AppTarget,
  version: AppVersion,
  { name, replicaHash, config }: DeploymentSpec,
  actual: ActualView,
): string | undefined {
  if (config.numReplicas === 0 && config.autoscaling === undefined) return 'its numReplicas is 0';
  for (const inner of missingDependencies(app, target, version, name, actual.groups)) {
    const why = whyNone(app, target, version, inner, actual);
    if (why !== undefined) return `it waits for ${inner.name}: ${why}`;
  }
  const failure = presentFailure(actual.failures.get(groupKey(app, name, replicaHash)));
  return failure !== undefined && keepsFailing(failure) ? failure.error.message : undefined;
}

function routeAutoscaling({ startupTimeoutMs }: DeploymentConfig, { metricsIntervalMs }: AutoscalingConfig): RouteAutoscaling {
  // The start of the process and the constructor have a deadline each. After it, the snapshot says what failed.
  return { metricsIntervalMs, holdMs: 2 * startupTimeoutMs + HOLD_MARGIN_MS };
}
