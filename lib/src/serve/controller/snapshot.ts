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
  const routes: Route[] = [];
  const deployments: Record<string, DeploymentRoute> = {};
  const ingresses: Record<string, string> = {};
  for (const [app, { live, next }] of target.apps) {
    const liveHashes = new Map<string, string>();
    if (live !== null) {
      const { routePrefix, ingress } = live.spec;
      ingresses[app] = ingress;
      if (routePrefix !== null) routes.push({ prefix: routePrefix, app, deployment: ingress });
      for (const spec of live.spec.deployments) {
        liveHashes.set(spec.name, spec.replicaHash);
        deployments[deploymentKey(app, spec.name)] = route(app, spec, live, present, actual);
      }
    }
    for (const spec of next?.spec.deployments ?? []) {
      const liveHash = liveHashes.get(spec.name);
      if (next === null || liveHash === spec.replicaHash) continue;
      const key = liveHash === undefined ? deploymentKey(app, spec.name) : scopedDeploymentKey(app, spec.name, next.generation);
      deployments[key] = route(app, spec, next, present, actual);
    }
  }
  routes.sort((a, b) => b.prefix.length - a.prefix.length || (a.prefix < b.prefix ? -1 : 1));
  return { routes, ingresses, deployments };
}

function route(
  app: string,
  spec: DeploymentSpec,
  version: AppVersion,
  present: ReadonlyMap<GroupKey, readonly Readonly<Replica>[]>,
  actual: ActualView,
): DeploymentRoute {
  const key = groupKey(app, spec.name, spec.replicaHash);
  const running = (present.get(key) ?? []).filter(({ state }) => state === ReplicaState.RUNNING);
  const { methods, http } = actual.offers.get(key) ?? version.offers[spec.name] ?? UNKNOWN_OFFER;
  const { maxOngoingRequests, maxQueuedRequests, requestTimeoutMs, idempotent, autoscaling } = spec.config;
  const unavailable = running.length === 0 ? whyNone(spec.config, actual.failures.get(key)?.error) : undefined;
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
    ...(unavailable === undefined ? {} : { unavailable }),
    ...(autoscaling === undefined ? {} : { autoscaling: routeAutoscaling(spec.config, autoscaling) }),
  };
}

/** `undefined` where requests are to wait: their coming starts a replica. */
function whyNone({ numReplicas, autoscaling }: DeploymentConfig, error: Error | undefined): string | undefined {
  if (autoscaling !== undefined) return numReplicas === 0 ? undefined : error?.message;
  if (numReplicas === 0) return 'its numReplicas is 0';
  return error === undefined ? 'its replicas are being started' : error.message;
}

function routeAutoscaling({ startupTimeoutMs }: DeploymentConfig, { metricsIntervalMs }: AutoscalingConfig): RouteAutoscaling {
  // The start of the process and the constructor have a deadline each; past it the snapshot says what failed.
  return { metricsIntervalMs, holdMs: 2 * startupTimeoutMs + HOLD_MARGIN_MS };
}
