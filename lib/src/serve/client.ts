import { AsyncResource } from 'node:async_hooks';
import { KeepAlive, shortId } from '../core/index.js';
import {
  type DeclaredNode,
  type HttpOptions,
  joinLocalCluster,
  type LocalCluster,
  type LogLine,
  type MachineOptions,
  processName,
  startLocalCluster,
} from '../engine/index.js';
import { hasIngress } from '../ingress/index.js';
import { helloOf, type OpCaller } from '../ipc/index.js';
import { ControllerLink } from './controller-link.js';
import { addHandleContext, debuggerSeesReplicas, printAsCaller, registerHandleCodec } from './handle/index.js';
import { keepAliveRouter } from './keep-alive-router.js';
import { notice } from './notice.js';
import type { ControllerOps, DeploymentKey } from './protocol/index.js';
import { openRouter, type RouterLike } from './router/index.js';
import { CLUSTER_ENTRIES } from './start-cluster.js';

let ownerKey: string | undefined;
let ownerName: string | undefined;

/**
 * Sets the name by which this process's cluster is recognized after a restart, e.g. a kernel's notebook. A new cluster waits until the earlier one
 * has ended.
 */
export function setOwnerKey(key: string): void {
  ownerKey = key;
}

/** Sets the name that users know this process by, e.g. its notebook. `nbserve status` shows it. */
export function setOwnerName(name: string): void {
  ownerName = name;
}

/** The name that users know this process by: the one that was set, otherwise that of its script. */
export const nameOfOwner = (): string => ownerName ?? processName();

/** True in a program such as a kernel, which names itself: its cluster stays for the next cell. */
export const staysForOwner = (): boolean => ownerName !== undefined || ownerKey !== undefined;

let inOwnContext = (print: () => void): void => print();

/** Makes `run` print what the cluster's own processes log. These processes work for all callers, and not only for the call that started them. */
export function setOwnLinesContext(run: (print: () => void) => void): void {
  inOwnContext = run;
}

export interface ClusterOptions extends HttpOptions {
  /** Its nodes. @default one node, with the resources of the machine */
  readonly nodes?: readonly DeclaredNode[];
  /** If it is present, nodes of other machines can join. */
  readonly machines?: MachineOptions;
  /** Number of spare processes for new replicas. */
  readonly spareReplicas: number;
}

/** This process's connection to its cluster: the control channel, the router of its handles, and the output of the replicas. */
export class Client {
  /** Printers by deployment key. Output goes where the deployment was last run, e.g. to that notebook cell. */
  readonly #printers = new Map<string, (line: LogLine) => void>();

  isClosed = false;

  /** Keeps this process alive while work is in progress. Connections to a cluster that it joined do not. A run of a notebook waits for work too. */
  readonly #alive: KeepAlive;
  readonly #leave: () => void;

  private constructor(
    readonly cluster: LocalCluster,
    readonly controller: ControllerLink,
    readonly router: RouterLike,
    /** True if the cluster was started here, so it ends with this process. */
    readonly isOwner: boolean,
    alive: KeepAlive,
    leave: () => void,
  ) {
    this.#leave = leave;
    this.#alive = alive;
  }

  /** Starts a cluster that ends with this process and accepts deploys. `cluster.serving` resolves when HTTP is answered. @throws NBS_PORT_IN_USE */
  static async start({ nodes, machines, spareReplicas, ...http }: ClusterOptions): Promise<Client> {
    let client: Client | undefined;
    const early: LogLine[] = [];
    const cluster = await startLocalCluster({
      name: nameOfOwner(),
      http,
      ...(nodes === undefined ? {} : { nodes }),
      machines,
      onMissing: notice,
      entries: CLUSTER_ENTRIES,
      // Fastify takes a replica a tenth of a second, which a spare process can spend before.
      controllerArgs: { spareReplicas, ingress: hasIngress() },
      early: true,
      ...(ownerKey === undefined ? {} : { ownerKey }),
      onLog: (line) => (client === undefined ? void early.push(line) : client.#print(line)),
    });
    client = await Client.#attach(cluster, true).catch(async (error: unknown) => {
      await cluster.stop();
      throw error;
    });
    for (const line of early) client.#print(line);
    return client;
  }

  /**
   * Joins a running cluster, which keeps running after this process ends. The output of deployments that are run from here appears here. The
   * connection does not keep this process alive; requests and operations do.
   * @throws NBS_CLUSTER_GONE
   */
  static async join(dir: string): Promise<Client> {
    let client: Client | undefined;
    const onLog = (line: LogLine): void => {
      if (client !== undefined) client.#print(line);
    };
    const cluster = await joinLocalCluster(dir, { onLog, logs: 'own', unref: true });
    client = await Client.#attach(cluster, false).catch((error: unknown) => {
      cluster.agent.close();
      throw error;
    });
    return client;
  }

  static async #attach(cluster: LocalCluster, isOwner: boolean): Promise<Client> {
    const { dir, token, url } = cluster;
    const hello = helloOf('driver', `driver-${process.pid}-${shortId(4)}`);
    registerHandleCodec();
    const unref = !isOwner;
    const alive = new KeepAlive();
    const controller = new ControllerLink(dir, { token, hello, unref });
    await alive.during(() => controller.channel());
    const opened = openRouter({ dir, token, hello, unref, beforeUse: debuggerSeesReplicas });
    const router = keepAliveRouter(opened, alive);
    const leave = addHandleContext({ router, url, driver: cluster.driver }, isOwner);
    return new Client(cluster, controller, router, isOwner, alive, leave);
  }

  readonly call: OpCaller<ControllerOps> = (op, args, options) => this.during(() => this.controller.call(op, args, options));

  /** Keeps this process alive until the work has ended. */
  during<T>(work: () => Promise<T>): Promise<T> {
    return this.#alive.during(work);
  }

  /** From now on, the output of these deployments appears in the context of this call, and no longer in the driver that ran them before. */
  async printFor(deployments: readonly DeploymentKey[]): Promise<void> {
    const print = AsyncResource.bind(printLine);
    for (const key of deployments) this.#printers.set(key, print);
    await this.during(() => this.cluster.claimLogs(deployments));
  }

  /** True if this process has run the deployment. */
  hasRun(deployment: DeploymentKey): boolean {
    return this.#printers.has(deployment);
  }

  /** Ends everything that waits for the cluster. To be called alone if the cluster has ended. */
  disconnect(): void {
    this.isClosed = true;
    this.#leave();
    this.router.close();
    this.controller.close();
    this.#alive.close();
  }

  /** Closes the connections. If this process owns the cluster, the cluster ends. */
  async close(): Promise<void> {
    this.disconnect();
    if (this.isOwner) await this.cluster.stop();
    else this.cluster.agent.close();
  }

  #print(line: LogLine): void {
    if (line.caller !== undefined && printAsCaller(line.caller, () => printLine(line))) return;
    const printer = line.logGroup === undefined ? undefined : this.#printers.get(line.logGroup);
    if (printer !== undefined) printer(line);
    else if (line.role === 'replica') printLine(line);
    else inOwnContext(() => printLine(line));
  }
}

/**
 * Prints a line of a replica after its name: `(Chat#k3f9a2) hello`. If nobody reads the output any more, it is lost, as with `console.log`: what a replica
 * prints must not end the program.
 */
function printLine({ label, role, stream, text }: LogLine): void {
  const out = stream === 'stdout' ? process.stdout : process.stderr;
  out.write(`(${label}) ${role === 'replica' ? text : messageOf(text)}\n`, (error) => {
    // The stream emits the error after this.
    if (error && out.listenerCount('error') === 0) out.once('error', () => {});
  });
}

/** nbserve's own processes log JSON lines; this returns the message for the user. */
function messageOf(line: string): string {
  try {
    const { msg } = JSON.parse(line) as { msg?: unknown };
    return typeof msg === 'string' ? msg : line;
  } catch {
    return line;
  }
}
