import type { RoutedConfig } from './options/deployment-config.js';
import type { StickyBy } from './traffic-status.js';

/** The feed topic that carries a {@link RouteSnapshot}: everything a router needs to know. */
export const ROUTES_TOPIC = 'routes';

/** `app/deployment`. */
export type DeploymentKey = `${string}/${string}`;

export const deploymentKey = (app: string, deployment: string): DeploymentKey => `${app}/${deployment}`;

/**
 * `app/deployment@generation`: where the new replicas of an update find each other before the update is switched to.
 * Present only while a version of the application that replaces this deployment is being brought up.
 */
export const scopedDeploymentKey = (app: string, deployment: string, generation: number): DeploymentKey =>
  `${app}/${deployment}@${generation}`;

/**
 * The route that a handle uses.
 * @param generation `ReplicaInit.generation` where the handle lives in a replica of the same application; else left out
 */
export function findDeploymentRoute(
  snapshot: RouteSnapshot,
  app: string,
  deployment: string,
  generation?: number,
): DeploymentRoute | undefined {
  const scoped = generation === undefined ? undefined : snapshot.deployments[scopedDeploymentKey(app, deployment, generation)];
  return scoped ?? snapshot.deployments[deploymentKey(app, deployment)];
}

export interface RouteSnapshot {
  /** Grows with each snapshot, also over a restart of the controller. */
  readonly version: number;
  /** Longest prefix first. */
  readonly routes: readonly Route[];
  /** Of applications whose first version is being brought up: nobody answers there yet, and somebody will. Absent if there is none. */
  readonly rising?: readonly RisingRoute[];
  /** The ingress deployment of each application, those without a route included. */
  readonly ingresses: Readonly<Record<string, string>>;
  readonly deployments: Readonly<Record<DeploymentKey, DeploymentRoute>>;
}

export interface Route {
  /** `/`, or `/name` without a slash at the end. */
  readonly prefix: string;
  readonly app: string;
  readonly deployment: string;
  /** Present where several applications answer it, or one that is not its owner; `app` is then the one to name alone. */
  readonly split?: RouteSplit;
}

export type RisingRoute = Pick<Route, 'prefix' | 'app'>;

/** How the requests of one prefix are divided. */
export interface RouteSplit {
  /** Names the rule in what proxies tell of it. */
  readonly rule: number;
  /** At least one; weights are at least 0 and their sum is 1. */
  readonly arms: readonly SplitArm[];
  readonly stickyBy?: StickyBy;
  readonly mirror?: RouteMirror;
  /** How often proxies tell what came of the requests, while there are any. */
  readonly reportMs: number;
}

export interface SplitArm {
  readonly app: string;
  readonly deployment: string;
  readonly weight: number;
}

/** Who gets copies. */
export interface RouteMirror {
  readonly app: string;
  readonly deployment: string;
  /** Part of the requests that is copied, above 0, at most 1. */
  readonly share: number;
}

/** With the options that routers work with. */
export interface DeploymentRoute extends RoutedConfig {
  readonly app: string;
  readonly name: string;
  readonly replicas: readonly ReplicaRoute[];
  /** Replicas that hang and are about to be ended: what they have begun gets no answer. */
  readonly hung?: readonly string[];
  /** Public methods, for handles and error messages. */
  readonly methods: readonly string[];
  /** True where the deployment answers HTTP: a class with `fetch`, or a function. */
  readonly http: boolean;
  /** It takes requests to speak another protocol. */
  readonly upgrades?: true;
  /** Why no replica runs, and requests are not to wait for one; goes into the 503. */
  readonly unavailable?: string;
  /** What the first replica waits for, if it is not being started; goes into the 503 of requests that have waited for too long. */
  readonly waits?: string;
  /** Present where the number of replicas follows the load. */
  readonly autoscaling?: RouteAutoscaling;
}

/** What routers do for a deployment that scales with its load. */
export interface RouteAutoscaling {
  /** How often they tell the controller the load, while there is any. */
  readonly metricsIntervalMs: number;
  /** How long requests wait where there is no replica: their coming makes the controller start one. */
  readonly holdMs: number;
}

export interface ReplicaRoute {
  readonly id: string;
  /** Unix socket. */
  readonly path: string;
}

/** A handle as it travels: in constructor arguments, captured values and call arguments. */
export interface HandleRef {
  readonly app: string;
  readonly deployment: string;
}
