import { describeExit, type ExitReport } from '../engine/index.js';
import { batch } from './batching/index.js';
import { Client } from './client.js';
import { deleteApplication } from './delete.js';
import { asDeployment, DeploymentDefinition } from './deployment.js';
import { createHandle, handleContext, NotRunning, setHandleContext } from './handle/index.js';
import { callerFile, inertRun, isInert, noteDefinition, type Target } from './modules/index.js';
import { getMultiplexedModelId, multiplexed } from './multiplexing/index.js';
import { NoSuchApp, NoSuchDeployment } from './protocol/index.js';
import { runApplication } from './run.js';
import type { Serve } from './serve.js';
import type { Application, DeploymentOptions, RunOptions, StartOptions } from './types.js';

let connecting: Promise<Client> | null = null;

/** The cluster of this process: the running one, or a new one. A start that failed may be tried again. */
function connected(options: StartOptions = {}): Promise<Client> {
  if (connecting === null) {
    const attempt = Client.start({ host: options.host ?? '127.0.0.1', port: options.port ?? 'auto' });
    connecting = attempt;
    attempt.then(
      (client) => void client.cluster.exited.then((exit) => onExit(attempt, exit)),
      () => forget(attempt),
    );
  }
  return connecting;
}

function forget(attempt: Promise<Client>): void {
  if (connecting === attempt) connecting = null;
}

function onExit(attempt: Promise<Client>, exit: ExitReport): void {
  if (connecting !== attempt) return;
  forget(attempt);
  setHandleContext(null);
  console.error(`the cluster ended without being asked to (${describeExit(exit)}); serve.run(…) starts a new one`);
}

/** Folder of the running cluster, for child processes that talk to it; `null` where none runs. */
export async function runningCluster(): Promise<Client | null> {
  return connecting === null ? null : connecting.catch(() => null);
}

async function required(): Promise<Client> {
  if (connecting === null) throw NotRunning();
  return connecting;
}

function run(application: Application<unknown>, options: RunOptions = {}): Promise<never> {
  // In a replica, a module's own serve.run must neither deploy nor let the lines after it run.
  return inertRun() ?? (runApplication(connected(), application, options) as Promise<never>);
}

function deployment(target: Target, options: DeploymentOptions = {}): never {
  const definition = new DeploymentDefinition(target, options, run);
  noteDefinition(definition.name, target, callerFile());
  return asDeployment(definition) as never;
}

/** Runs outside of any cluster of their own (in a replica) as well: they need the routes only. */
async function getDeploymentHandle(name: string, app = 'default'): Promise<never> {
  const { router } = await context();
  const routes = await router.whenSnapshot(0);
  const known = Object.values(routes.deployments);
  if (!known.some((route) => route.app === app && route.name === name)) {
    throw NoSuchDeployment({ deployment: `${app}/${name}`, running: list(known.map((route) => `${route.app}/${route.name}`)) });
  }
  return createHandle({ app, deployment: name }) as never;
}

async function getAppHandle(app: string): Promise<never> {
  if (connecting !== null) {
    const { applications } = await (await connecting).call('status', undefined);
    const found = applications[app];
    if (found === undefined) throw NoSuchApp({ app, running: list(Object.keys(applications)) });
    return createHandle({ app, deployment: found.ingress }) as never;
  }
  const routes = await (await context()).router.whenSnapshot(0);
  const route = routes.routes.find((entry) => entry.app === app);
  if (route === undefined) throw NoSuchApp({ app, running: list(routes.routes.map((entry) => entry.app)) });
  return createHandle({ app, deployment: route.deployment }) as never;
}

async function context() {
  if (connecting !== null) await connecting;
  return handleContext();
}

const list = (names: readonly string[]): string => [...new Set(names)].join(', ') || 'none';

/** The `serve` of this process; `public-serve.ts` is the face that notebooks see. */
export const localServe: Serve = {
  deployment: deployment as Serve['deployment'],
  batch,
  multiplexed,
  getMultiplexedModelId,
  run: run as Serve['run'],
  async start(options) {
    if (!isInert()) await (await connected(options)).cluster.serving;
  },
  async status() {
    return (await required()).call('status', undefined);
  },
  async delete(name) {
    await deleteApplication(await required(), name);
  },
  async shutdown() {
    const closing = connecting;
    connecting = null;
    const client = await closing?.catch(() => null);
    await client?.close();
  },
  getAppHandle,
  getDeploymentHandle,
  async listDeployments() {
    const { applications } = await (await required()).call('status', undefined);
    return Object.fromEntries(
      Object.entries(applications).map(([app, { ingress, routePrefix, deployments }]) => [
        app,
        { name: ingress, version: deployments[ingress]?.version ?? null, routePrefix },
      ]),
    );
  },
};
