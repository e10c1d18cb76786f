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

/** Set by a replica when it is initialized, and by {@link addHandleContext}. */
export function setHandleContext(context: HandleContext | null): void {
  current = context;
}

/** The clusters that this process is connected to. The handles use the first one. */
const connected: { readonly context: HandleContext; readonly isOwner: boolean }[] = [];

/**
 * Called by a driver for each cluster that it starts or joins. A process can join another cluster for a while, for example to read its status; its handles
 * remain those of its own cluster.
 * @returns a function to be called when the connection is closed
 */
export function addHandleContext(context: HandleContext, isOwner: boolean): () => void {
  const entry = { context, isOwner };
  const choose = () => setHandleContext((connected.find((one) => one.isOwner) ?? connected[0])?.context ?? null);
  connected.push(entry);
  choose();
  return () => {
    const at = connected.indexOf(entry);
    if (at >= 0) connected.splice(at, 1);
    choose();
  };
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
