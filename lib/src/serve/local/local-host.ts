import { AsyncLocalStorage } from 'node:async_hooks';
import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { inOwnTurn } from '../../core/index.js';
import { type LocalContext, setLocalContext } from '../handle/index.js';
import {
  type ApplicationStatus,
  AppState,
  type DeploymentKey,
  type DeploymentRoute,
  DeploymentState,
  deploymentKey,
  LocalPortSet,
  ReplicaState,
  RouteTaken,
  Superseded,
  scopedDeploymentKey,
} from '../protocol/index.js';
import { HttpProxy } from '../proxy/index.js';
import { Router } from '../router/index.js';
import { type LocalDeployment, LocalReplica } from './local-replica.js';

export type { LocalDeployment } from './local-replica.js';

const HOST = '127.0.0.1';
const BODY_IDLE_MS = 30_000;

export interface LocalApp {
  readonly name: string;
  readonly routePrefix: string | null;
}

/** Finds out what an application consists of: inner deployments before those that use them, its ingress last. */
export type DescribeLocal = () => Promise<readonly LocalDeployment[]>;

export interface LocalHttp {
  readonly port?: number;
}

interface StartingApp {
  readonly app: LocalApp;
  readonly generation: number;
  readonly replicas: LocalReplica[];
  /** The newer request for the application because of which this one is discarded; `''` if there is none. */
  newer: string;
}

interface RunningApp extends LocalApp {
  readonly ingress: string;
  readonly generation: number;
  readonly startedAt: number;
  readonly replicas: readonly LocalReplica[];
}

/** The applications that run inside this process: a router and an HTTP server as in a cluster, in front of replicas in the same process. */
class LocalHost implements LocalContext {
  url = '';
  readonly router: Router;
  readonly #apps = new Map<string, RunningApp>();
  readonly #starting = new Set<StartingApp>();
  readonly #paths = new Map<string, LocalReplica>();
  /** While an application starts: its calls find its own new replicas first. */
  readonly #scope = new AsyncLocalStorage<{ readonly app: string; readonly generation: number }>();
  readonly #stopping = new Set<Promise<void>>();
  #proxy: HttpProxy | null = null;
  /** Resolves when the port is open. */
  #opening: Promise<void> | null = null;
  #generation = 0;
  #version = 0;

  constructor() {
    this.router = new Router({
      connect: async (path) => {
        const replica = this.#paths.get(path);
        if (replica === undefined) throw new Error(`no replica ${path} runs in this process`);
        return replica.connect();
      },
    });
    this.#publish();
  }

  get scope(): LocalContext['scope'] & object {
    return this.#scope.getStore() as LocalContext['scope'] & object;
  }

  has(app: string): boolean {
    if (this.#apps.has(app)) return true;
    for (const starting of this.#starting) if (starting.app.name === app) return true;
    return false;
  }

  get apps(): readonly RunningApp[] {
    return [...this.#apps.values()];
  }

  /**
   * Two runs of one name are in the order of these calls.
   * @returns the name of its ingress
   * @throws what `describe` or a constructor throws, and then the old version goes on; NBS_ROUTE_TAKEN, NBS_SUPERSEDED, NBS_LOCAL_PORT_SET, and what
   * `listen` of Node throws
   */
  async run(app: LocalApp, http: LocalHttp, describe: DescribeLocal): Promise<string> {
    const { name, routePrefix } = app;
    // An application that starts has its prefix already, so that two that start at the same time cannot have the same.
    const others = [...this.apps, ...[...this.#starting].map((starting) => starting.app)];
    const owner = others.find((other) => other.name !== name && routePrefix !== null && other.routePrefix === routePrefix);
    if (owner !== undefined) throw RouteTaken({ prefix: routePrefix ?? '', app: owner.name });
    this.#supersede(name, 'another deploy of it');
    this.#generation += 1;
    const generation = this.#generation;
    const starting: StartingApp = { app, generation, replicas: [], newer: '' };
    this.#starting.add(starting);
    this.#publish();
    let ingress = '';
    try {
      const deployments = await describe();
      if (starting.newer !== '') throw Superseded({ app: name, newer: starting.newer });
      if (routePrefix !== null) await this.#listen(http);
      for (const deployment of deployments) {
        ingress = deployment.name;
        const replica = new LocalReplica(name, deployment, generation);
        await this.#scope.run({ app: name, generation }, () => replica.start());
        this.#paths.set(replica.path, replica);
        starting.replicas.push(replica);
        if (starting.newer !== '') throw Superseded({ app: name, newer: starting.newer });
        this.#publish();
      }
    } catch (error) {
      if (this.#starting.delete(starting)) this.#publish();
      this.#stop(starting.replicas);
      throw error;
    }
    const old = this.#apps.get(name);
    this.#starting.delete(starting);
    this.#apps.set(name, { ...app, ingress, generation, startedAt: Date.now(), replicas: starting.replicas });
    this.#publish();
    if (old !== undefined) this.#stop(old.replicas);
    return ingress;
  }

  /** Discards the versions of an application that start: when its constructor has returned, such a version is stopped. */
  #supersede(name: string, newer: string): void {
    for (const starting of this.#starting) {
      if (starting.app.name !== name) continue;
      starting.newer = newer;
      this.#starting.delete(starting);
    }
    this.#publish();
  }

  /** Resolves when its requests have ended. */
  async delete(name: string): Promise<void> {
    this.#supersede(name, 'serve.delete');
    const app = this.#apps.get(name);
    if (app === undefined) return;
    this.#apps.delete(name);
    this.#publish();
    this.#stop(app.replicas);
    await Promise.all(this.#stopping);
  }

  async close(): Promise<void> {
    for (const { app } of this.#starting) this.#supersede(app.name, 'serve.shutdown');
    for (const { name } of this.apps) await this.delete(name);
    await Promise.all(this.#stopping);
    await this.#proxy?.close();
    this.router.close();
  }

  status(): Readonly<Record<string, ApplicationStatus>> {
    return Object.fromEntries(this.apps.map((app) => [app.name, statusOf(app)]));
  }

  /** @throws NBS_LOCAL_PORT_SET, and what `listen` of Node throws */
  async #listen({ port }: LocalHttp): Promise<void> {
    while (this.#opening !== null) await this.#opening.catch(() => {});
    if (this.#proxy === null) {
      this.#opening = inOwnTurn(() => this.#open(port));
      await this.#opening.finally(() => {
        this.#opening = null;
      });
    } else if (port !== undefined && port !== 0 && port !== Number(new URL(this.url).port))
      throw LocalPortSet({ url: this.url, port });
  }

  async #open(port: number | undefined): Promise<void> {
    const { router } = this;
    const proxy = new HttpProxy({
      router,
      token: randomBytes(24).toString('hex'),
      host: HOST,
      allowedHosts: [],
      allowedOrigins: [],
      bodyIdleMs: BODY_IDLE_MS,
    });
    this.#proxy = proxy;
    const { server } = proxy;
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(port ?? 0, HOST, () => resolve());
      });
    } catch (error) {
      this.#proxy = null;
      throw error;
    }
    if (port === undefined) server.unref();
    this.url = `http://${HOST}:${(server.address() as AddressInfo).port}`;
  }

  #stop(replicas: readonly LocalReplica[]): void {
    const stopped = Promise.all(replicas.map((replica) => replica.stop())).then(() => {
      for (const { path } of replicas) this.#paths.delete(path);
      this.#stopping.delete(stopped);
    });
    this.#stopping.add(stopped);
  }

  #publish(): void {
    const deployments: Record<DeploymentKey, DeploymentRoute> = {};
    for (const { name, replicas } of this.apps) {
      for (const { route } of replicas) deployments[deploymentKey(name, route.name)] = route;
    }
    for (const { app, generation, replicas } of this.#starting) {
      for (const { route } of replicas) {
        const key = deploymentKey(app.name, route.name);
        deployments[Object.hasOwn(deployments, key) ? scopedDeploymentKey(app.name, route.name, generation) : key] = route;
      }
    }
    const routes = this.apps.flatMap(({ name, routePrefix, ingress }) =>
      routePrefix === null ? [] : [{ prefix: routePrefix, app: name, deployment: ingress }],
    );
    routes.sort((a, b) => b.prefix.length - a.prefix.length);
    const rising = [...this.#starting].flatMap(({ app: { name, routePrefix } }) =>
      routePrefix === null || this.#apps.has(name) ? [] : [{ prefix: routePrefix, app: name }],
    );
    this.#version += 1;
    this.router.apply({
      version: this.#version,
      routes,
      ...(rising.length === 0 ? {} : { rising }),
      ingresses: Object.fromEntries(this.apps.map(({ name, ingress }) => [name, ingress])),
      deployments,
    });
  }
}

function statusOf({ routePrefix, ingress, startedAt, replicas }: RunningApp): ApplicationStatus {
  const deployments = replicas.map(({ id, deployment: { name, version } }) => [
    name,
    {
      status: DeploymentState.HEALTHY,
      message: 'it runs inside this process',
      version,
      numReplicas: 1,
      replicas: [{ id, state: ReplicaState.RUNNING, pid: process.pid, node: null }],
    },
  ]);
  return {
    status: AppState.RUNNING,
    message: 'it runs inside this process',
    routePrefix,
    ingress,
    lastDeployedAt: startedAt,
    deployments: Object.fromEntries(deployments),
  };
}

let host: LocalHost | null = null;

/** The applications of this process. */
export const localMode = {
  /** The one that applications are run on; it begins with the first call. */
  host(): LocalHost {
    if (host === null) {
      host = new LocalHost();
      setLocalContext(host);
    }
    return host;
  },
  running: (): LocalHost | null => host,
  async end(): Promise<void> {
    const ending = host;
    host = null;
    await ending?.close();
    if (host === null) setLocalContext(null);
  },
};
