/** The feed topic that carries a {@link RouteSnapshot}: everything a router needs to know. */
export const ROUTES_TOPIC = 'routes';

/** `app/deployment`. */
export type DeploymentKey = `${string}/${string}`;

export const deploymentKey = (app: string, deployment: string): DeploymentKey => `${app}/${deployment}`;

export interface RouteSnapshot {
  readonly version: number;
  /** Longest prefix first. */
  readonly routes: readonly Route[];
  readonly deployments: Readonly<Record<DeploymentKey, DeploymentRoute>>;
}

export interface Route {
  /** `/`, or `/name` without a slash at the end. */
  readonly prefix: string;
  readonly app: string;
  readonly deployment: string;
}

export interface DeploymentRoute {
  readonly app: string;
  readonly name: string;
  readonly replicas: readonly ReplicaRoute[];
  readonly maxOngoingRequests: number;
  readonly maxQueuedRequests: number;
  readonly requestTimeoutMs: number | null;
  readonly idempotent: readonly string[] | true;
  /** Public methods, for handles and error messages. */
  readonly methods: readonly string[];
  /** True where the deployment answers HTTP: a class with `fetch`, or a function. */
  readonly http: boolean;
  /** Why no replica runs, where that is so; goes into the 503. */
  readonly unavailable?: string;
}

export interface ReplicaRoute {
  readonly id: string;
  /** Unix socket. */
  readonly path: string;
}
