import { routeDecorator } from '../schemas/index.js';
import { requiredPrefix } from './application.js';
import { batch } from './batching/index.js';
import { callGraph } from './call-graph.js';
import { beginCanary } from './canary.js';
import type { Client } from './client.js';
import { getMultiplexedModelId, replicaContext } from './context/index.js';
import { inReplica } from './controller-link.js';
import { asDeployment, DeploymentDefinition } from './deployment.js';
import { NoSuchApp, NotInReplica } from './errors.js';
import { contextOf, createHandle } from './handle/index.js';
import { inertChange, noteDefinition, type Target } from './modules/index.js';
import { multiplexed } from './multiplexing/index.js';
import { clusterAt, endCluster, ownCluster, requiredCluster, runningCluster } from './own-cluster.js';
import { NoSuchDeployment, type ServeStatus } from './protocol/index.js';
import { deleteApplication, runApplication } from './run.js';
import { endLocalApps, localApps, runLocally } from './run-locally.js';
import { inOrder } from './run-order.js';
import type { Serve } from './serve.js';
import { checkStartOptions } from './start-options.js';
import { setTraffic, trafficOf } from './traffic.js';
import type { Application, DeploymentOptions, RunOptions, TrafficOptions } from './types.js';

function run(application: Application<unknown>, options: RunOptions = {}): Promise<never> {
  // In a replica, if a module calls serve.run, it must not deploy, and the lines after it must not run.
  const inert = inertChange('run', options.name ?? 'default');
  if (inert !== undefined) return inert;
  const { local = false } = options;
  if (local !== false) return runLocally(application, options) as Promise<never>;
  return runApplication(ownCluster(), application, options) as Promise<never>;
}

function deployment(target: Target, options: DeploymentOptions = {}): never {
  const definition = new DeploymentDefinition(target, options, run);
  noteDefinition(definition.name, target, 'target');
  return asDeployment(definition) as never;
}

/** This also works in a process without a cluster of its own (in a replica), because it needs only the routes. */
async function getDeploymentHandle(name: string, app = 'default'): Promise<never> {
  if (localApps()?.has(app) === true) return localHandle(app, name) as never;
  const { router } = await context(app);
  const routes = await router.whenSnapshot(0);
  const known = Object.values(routes.deployments);
  if (!known.some((route) => route.app === app && route.name === name)) {
    throw NoSuchDeployment({ deployment: `${app}/${name}`, running: list(known.map((route) => `${route.app}/${route.name}`)) });
  }
  return createHandle({ app, deployment: name }) as never;
}

/** @throws NBS_NO_SUCH_DEPLOYMENT */
function localHandle(app: string, deployment: string): unknown {
  const known = localApps()?.status()[app]?.deployments ?? {};
  if (Object.hasOwn(known, deployment)) return createHandle({ app, deployment });
  throw NoSuchDeployment({
    deployment: `${app}/${deployment}`,
    running: list(Object.keys(known).map((name) => `${app}/${name}`)),
  });
}

async function getAppHandle(app: string): Promise<never> {
  const local = localApps()?.status()[app];
  if (local !== undefined) return createHandle({ app, deployment: local.ingress }) as never;
  const { router } = await context(app);
  const { ingresses } = await router.whenSnapshot(0);
  const deployment = ingresses[app];
  if (deployment === undefined) throw NoSuchApp({ app, running: list(Object.keys(ingresses)) });
  return createHandle({ app, deployment }) as never;
}

async function traffic(
  prefix: string,
  weights?: Readonly<Record<string, number>> | null,
  options?: TrafficOptions,
): Promise<never> {
  const at = requiredPrefix(prefix);
  if (weights === undefined) return (await trafficOf(await cluster(), at)) as never;
  return (await (inertChange('traffic') ?? setTraffic(await requiredCluster(), at, weights, options))) as never;
}

/** The decorator of a route. Nobody awaits one: who does has written the route of an application in the place of its name, and is told so. */
function deleteRoute(path: string): object {
  const then: Promise<void>['then'] = (done, failed) => deleteApp(path).then(done, failed);
  return Object.assign(routeDecorator('delete')(path), { then });
}

/** A route of a class, and no name of an application. */
const isPath = (text: string): boolean => typeof text === 'string' && text.startsWith('/');

async function deleteApp(name: string): Promise<void> {
  const local = localApps();
  if (local?.has(name) === true) {
    await local.delete(name);
    return;
  }
  const inert = inertChange('delete');
  if (inert !== undefined) return inert;
  const sending = inOrder(name, 'serve.delete');
  const client = await requiredCluster();
  sending(client);
  await deleteApplication(client, name);
}

/** In a driver, its cluster; in a replica, the cluster that it belongs to. @throws NBS_NOT_RUNNING */
const cluster = async (): Promise<Pick<Client, 'call'>> => inReplica() ?? requiredCluster();

/** The context of handles: in a driver, that of its cluster; in a replica, that of the cluster that it belongs to. */
async function context(app: string) {
  await runningCluster();
  return contextOf(app);
}

/** The applications of the cluster, and those that run inside this process. @throws NBS_NOT_RUNNING if there are neither */
async function status(): Promise<ServeStatus> {
  const local = localApps();
  if (local === null || local.apps.length === 0) return (await cluster()).call('status', undefined);
  const client = inReplica() ?? (await runningCluster());
  const ofCluster: ServeStatus =
    client === null
      ? { url: local.url, grpc: '', warnings: [], nodes: [], applications: {}, traffic: {} }
      : await client.call('status', undefined);
  return { ...ofCluster, applications: { ...ofCluster.applications, ...local.status() } };
}

const list = (names: readonly string[]): string => [...new Set(names)].join(', ') || 'none';

/** The `serve` of this process. `public-serve.ts` exports the view of it that notebooks see. */
export const localServe: Serve = {
  deployment: deployment as Serve['deployment'],
  graph: ((build: (input: never) => unknown, options = {}) => callGraph(build, options, run)) as unknown as Serve['graph'],
  batch,
  get: routeDecorator('get') as Serve['get'],
  post: routeDecorator('post') as Serve['post'],
  put: routeDecorator('put') as Serve['put'],
  patch: routeDecorator('patch') as Serve['patch'],
  multiplexed,
  getMultiplexedModelId,
  getReplicaContext() {
    const context = replicaContext();
    if (context === null) throw NotInReplica();
    return context;
  },
  run: run as Serve['run'],
  async start(options) {
    await (inertChange('start') ?? (await clusterAt(checkStartOptions(options ?? {}))).cluster.serving);
  },
  status,
  delete: ((name: string) => (isPath(name) ? deleteRoute(name) : deleteApp(name))) as Serve['delete'],
  async shutdown() {
    await (inertChange('shutdown') ?? Promise.all([endLocalApps(), endCluster({ drain: true })]));
  },
  traffic: traffic as Serve['traffic'],
  async canary(prefix, options) {
    const at = requiredPrefix(prefix);
    return inertChange('canary') ?? beginCanary(await requiredCluster(), at, options);
  },
  getAppHandle,
  getDeploymentHandle,
  async listDeployments() {
    const { applications } = await status();
    return Object.fromEntries(
      Object.entries(applications).map(([app, { ingress, routePrefix, deployments }]) => [
        app,
        { name: ingress, version: deployments[ingress]?.version ?? null, routePrefix },
      ]),
    );
  },
};
