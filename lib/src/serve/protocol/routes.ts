import type { RoutedConfig } from './options/deployment-config.js';
import type { StickyBy } from './traffic-status.js';

/** The feed topic that carries a {@link RouteSnapshot}: everything a router needs to know. */
export const ROUTES_TOPIC = 'routes';

/** `app/deployment`. */
export type DeploymentKey = `${string}/${string}`;

export const deploymentKey = (app: string, deployment: string): DeploymentKey => `${app}/${deployment}`;

/**
 * `app/deployment@generation`: the key under which the new replicas of an update find each other before traffic switches to them.
 * It exists only while a new version of the application that replaces this deployment is being started.
 */
export const scopedDeploymentKey = (app: string, deployment: string, generation: number): DeploymentKey =>
  `${app}/${deployment}@${generation}`;

export interface RouteSnapshot {
  /** Grows with each snapshot, even if the controller restarts. */
  readonly version: number;
  /** Longest prefix first. */
  readonly routes: readonly Route[];
  /** Applications whose first version is being started: nothing answers there yet. Absent if there is none. */
  readonly rising?: readonly RisingRoute[];
  /** The ingress deployment of each application, including applications without a route. */
  readonly ingresses: Readonly<Record<string, string>>;
  readonly deployments: Readonly<Record<DeploymentKey, DeploymentRoute>>;
}

export interface Route {
  /** `/`, or `/name` without a slash at the end. */
  readonly prefix: string;
  readonly app: string;
  readonly deployment: string;
  /** Present if several applications answer the route, or one that does not own it. In messages that name only one application, it is `app`. */
  readonly split?: RouteSplit;
}

export type RisingRoute = Pick<Route, 'prefix' | 'app'>;

/** How the requests of one prefix are divided. */
export interface RouteSplit {
  /** Id of the rule; reports of proxies refer to it. */
  readonly rule: number;
  /** At least one. Weights are at least 0, and their sum is 1. */
  readonly arms: readonly SplitArm[];
  /** The application whose own route this is; absent if it is none's. */
  readonly owner?: string;
  readonly stickyBy?: StickyBy;
  readonly mirror?: RouteMirror;
  /** How often proxies report the results of requests, while there are any. */
  readonly reportMs: number;
}

export interface SplitArm {
  readonly app: string;
  readonly deployment: string;
  readonly weight: number;
}

/** The application that gets copies of requests. */
export interface RouteMirror {
  readonly app: string;
  readonly deployment: string;
  /** Share of the requests that are copied: above 0 and at most 1. */
  readonly share: number;
}

/** A deployment as routers see it, with the options that they need. */
export interface DeploymentRoute extends RoutedConfig {
  readonly app: string;
  readonly name: string;
  readonly replicas: readonly ReplicaRoute[];
  /** Replicas that hang and are about to be ended. Requests that they have begun get no answer. */
  readonly hung?: readonly string[];
  /** Replicas whose node was lost lately. Nothing comes from them any more. */
  readonly lost?: readonly string[];
  /** Public methods. `null` if no replica of this version has run yet: then nobody knows what it offers, and its first replica decides. */
  readonly methods: readonly string[] | null;
  /** True if the deployment answers HTTP: it is a class with `fetch`, or a function. Also true if that is not known yet. */
  readonly http: boolean;
  /** True if it is a function, which answers every RPC of the user's services. */
  readonly isFunction?: true;
  /** True if it accepts requests to change the protocol, such as those of WebSockets. */
  readonly upgrades?: true;
  /** The reason why no replica runs, if requests must not wait for one. It is part of the 503 error. */
  readonly unavailable?: string;
  /** What the first replica waits for, if it is not being started. It is part of the 503 error of requests that have waited too long. */
  readonly waits?: string;
  /** Present if the number of replicas follows the load. */
  readonly autoscaling?: RouteAutoscaling;
}

/** What routers need to know about a deployment whose number of replicas follows its load. */
export interface RouteAutoscaling {
  /** How often routers report the load to the controller, while there is any. */
  readonly metricsIntervalMs: number;
  /** How long requests wait if there is no replica. Their arrival makes the controller start one. */
  readonly holdMs: number;
}

export interface ReplicaRoute {
  readonly id: string;
  /** Path of its Unix socket. */
  readonly path: string;
}

/** A handle in the form in which it is sent: in constructor arguments, captured values and call arguments. */
export interface HandleRef {
  readonly app: string;
  readonly deployment: string;
}
