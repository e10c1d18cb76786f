import type { Hello } from '../../ipc/index.js';
import { type DeploymentKey, deploymentKey, type HandleRef, scopedDeploymentKey } from '../protocol/index.js';
import type { RouterLike } from '../router/index.js';
import { NotRunning } from './errors.js';

/** What the handles of this process work with: one cluster's router, and where HTTP is answered. */
export interface HandleContext {
  readonly router: RouterLike;
  /** e.g. `http://127.0.0.1:8000` */
  readonly url: string;
  /** In a driver: its id, under which it reads what processes print. */
  readonly driver?: string;
  /** Where the handles live in a replica: its application's own new replicas come first while an update is being brought up. */
  readonly scope?: { readonly app: string; readonly generation: number };
  /** In a replica: the cluster that it belongs to. */
  readonly cluster?: { readonly dir: string; readonly token: string; readonly hello: Hello };
}

let current: HandleContext | null = null;

/** Set once per cluster: by the driver when it starts or joins one, by a replica when it is initialised. */
export function setHandleContext(context: HandleContext | null): void {
  current = context;
}

/** @throws NBS_NOT_RUNNING */
export function handleContext(): HandleContext {
  if (current === null) throw NotRunning();
  return current;
}

/** In a replica, the cluster that it belongs to; elsewhere `undefined`. */
export const replicaCluster = (): HandleContext['cluster'] => current?.cluster;

/** Under which key of the routes a handle's calls go. */
export function routeKey({ app, deployment }: HandleRef): DeploymentKey {
  const { router, scope } = handleContext();
  if (scope !== undefined && scope.app === app) {
    const scoped = scopedDeploymentKey(app, deployment, scope.generation);
    if (router.snapshot?.deployments[scoped] !== undefined) return scoped;
  }
  return deploymentKey(app, deployment);
}
