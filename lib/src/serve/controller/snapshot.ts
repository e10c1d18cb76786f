import {
  type AutoscalingConfig,
  type DeploymentConfig,
  type DeploymentRoute,
  type DeploymentSpec,
  deploymentKey,
  type ReplicaReady,
  ReplicaState,
  type Route,
  type RouteAutoscaling,
  type RouteSnapshot,
  scopedDeploymentKey,
} from '../protocol/index.js';
import { type ActualView, byGroup, type Replica } from './actual.js';
import { type Failure, keepsFailing } from './back-off.js';
import { rollsInto } from './rolling.js';
import { splitRoutes } from './split-routes.js';
import { type AppVersion, type GroupKey, groupKey, type TargetState } from './target.js';

export type Routes = Omit<RouteSnapshot, 'version'>;

const HOLD_MARGIN_MS = 5000;
const UNKNOWN_OFFER: ReplicaReady = { methods: [], http: true };

/**
 * What routers are to know. Pure.
 * Routes lead to live versions only. Deployments of a version on its way up can be reached by handle: under their own name where the live version
 * has none of that name, else under their scoped name, which only replicas of that version look up.
 */
export function buildRoutes(target: TargetState, actual: ActualView): Routes {
  const present = byGroup(actual);
  const deployments: Record<string, DeploymentRoute> = {};
  for (const [app, appTarget] of target.apps) {
    const { live, next } = appTarget;
    for (const spec of live?.spec.deployments ?? []) {
      const into = rollsInto(appTarget, spec.name);
      deployments[deploymentKey(app, spec.name)] = route(app, spec, live as AppVersion, present, actual, into);
    }
    if (next === null) continue;
    const liveHashes = new Map(live?.spec.deployments.map((spec) => [spec.name, spec.replicaHash]));
    for (const spec of next.spec.deployments) {
      const liveHash = liveHashes.get(spec.name);
      if (liveHash === spec.replicaHash) continue;
      const key = liveHash === undefined ? deploymentKey(app, spec.name) : scopedDeploymentKey(app, spec.name, next.generation);
      deployments[key] = route(app, spec, next, present, actual);
    }
  }
  return { ...entrances(target), deployments };
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
    if (routePrefix !== null) own.push({ prefix: routePrefix, app, deployment: ingress });
  }
  const routes = splitRoutes(own, target);
  routes.sort((a, b) => b.prefix.length - a.prefix.length || (a.prefix < b.prefix ? -1 : 1));
  return { routes, ingresses };
}

interface KnownRoute {
  readonly made: DeploymentRoute;
  readonly by: readonly unknown[];
}

const known = new WeakMap<DeploymentSpec, KnownRoute>();

/** The same object for as long as nothing that it is made of changes. */
function route(...given: Parameters<typeof makeRoute>): DeploymentRoute {
  const [app, spec, version, , actual, into] = given;
  const by = [version, actual, actual.revisions.get(app), into];
  const last = known.get(spec);
  if (last?.by.every((one, i) => one === by[i]) === true) return last.made;
  const made = makeRoute(...given);
  known.set(spec, { made, by });
  return made;
}

function makeRoute(
  app: string,
  spec: DeploymentSpec,
  version: AppVersion,
  present: ReadonlyMap<GroupKey, readonly Readonly<Replica>[]>,
  actual: ActualView,
  into?: DeploymentSpec,
): DeploymentRoute {
  const key = groupKey(app, spec.name, spec.replicaHash);
  // While one version takes over from another replica by replica, both answer.
  const there = [key, ...(into === undefined ? [] : [groupKey(app, into.name, into.replicaHash)])].flatMap(
    (k) => present.get(k) ?? [],
  );
  const running = there.filter(({ state }) => state === ReplicaState.RUNNING);
  const hung = there.filter((replica) => replica.hung);
  const { methods, http } = actual.offers.get(key) ?? version.offers[spec.name] ?? UNKNOWN_OFFER;
  const { maxOngoingRequests, maxQueuedRequests, requestTimeoutMs, idempotent, hedging, autoscaling } = spec.config;
  const unavailable = running.length === 0 ? whyNone(spec.config, actual.failures.get(key)) : undefined;
  return {
    app,
    name: spec.name,
    replicas: running.map((replica) => replica.route),
    maxOngoingRequests,
    maxQueuedRequests,
    requestTimeoutMs,
    idempotent,
    methods,
    http,
    ...(hung.length === 0 ? {} : { hung: hung.map(({ id }) => id) }),
    ...(hedging === undefined ? {} : { hedging }),
    ...(unavailable === undefined ? {} : { unavailable }),
    ...(autoscaling === undefined ? {} : { autoscaling: routeAutoscaling(spec.config, autoscaling) }),
  };
}

/** `undefined` where requests are to wait: a replica is on its way, or their coming starts one. */
function whyNone({ numReplicas, autoscaling }: DeploymentConfig, failure: Failure | undefined): string | undefined {
  if (numReplicas === 0) return autoscaling === undefined ? 'its numReplicas is 0' : undefined;
  return failure !== undefined && keepsFailing(failure) ? failure.error.message : undefined;
}

function routeAutoscaling({ startupTimeoutMs }: DeploymentConfig, { metricsIntervalMs }: AutoscalingConfig): RouteAutoscaling {
  // The start of the process and the constructor have a deadline each; past it the snapshot says what failed.
  return { metricsIntervalMs, holdMs: 2 * startupTimeoutMs + HOLD_MARGIN_MS };
}
