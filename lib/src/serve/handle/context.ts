import type { Hello } from '../../ipc/index.js';
import { type DeploymentKey, deploymentKey, type HandleRef, scopedDeploymentKey } from '../protocol/index.js';
import type { RouterLike } from '../router/index.js';
import { NotRunning } from './errors.js';

/** What the handles of this process use: the router of one cluster, and the address of its HTTP server. */
export interface HandleContext {
  readonly router: RouterLike;
  /** e.g. `http://127.0.0.1:8000` */
  readonly url: string;
  /** Set in a driver: its id, under which it reads the output of processes. */
  readonly driver?: string;
  /** Set in a replica. During an update, its handles look for new replicas of the same application first. */
  readonly scope?: { readonly app: string; readonly generation: number };
  /** Set in a replica: the cluster that it belongs to. */
  readonly cluster?: { readonly dir: string; readonly token: string; readonly hello: Hello };
}

let current: HandleContext | null = null;

/** Set once for each cluster: by the driver when it starts or joins one, and by a replica when it is initialized. */
export function setHandleContext(context: HandleContext | null): void {
  current = context;
}

/** @throws NBS_NOT_RUNNING */
export function handleContext(): HandleContext {
  if (current === null) throw NotRunning();
  return current;
}

/** In a replica, the cluster that it belongs to; otherwise `undefined`. */
export const replicaCluster = (): HandleContext['cluster'] => current?.cluster;

/** The applications that run inside this process, and what their handles use. */
export interface LocalContext extends HandleContext {
  has(app: string): boolean;
}

let local: LocalContext | null = null;

export function setLocalContext(context: LocalContext | null): void {
  local = context;
}

/** What the handles of an application use. One that runs inside this process goes before one of the cluster. @throws NBS_NOT_RUNNING */
export function contextOf(app: string): HandleContext {
  const isLocal = local !== null && (current === null || local.has(app));
  return isLocal ? (local as LocalContext) : handleContext();
}

/** The key of the route that the calls of a handle use. */
export function routeKey({ app, deployment }: HandleRef): DeploymentKey {
  const { router, scope } = contextOf(app);
  if (scope !== undefined && scope.app === app) {
    const scoped = scopedDeploymentKey(app, deployment, scope.generation);
    if (router.snapshot?.deployments[scoped] !== undefined) return scoped;
  }
  return deploymentKey(app, deployment);
}
