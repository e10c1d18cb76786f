import { AsyncResource } from 'node:async_hooks';
import { shortId } from '../core/index.js';
import {
  type DeclaredNode,
  type HttpOptions,
  joinLocalCluster,
  type LocalCluster,
  type LogLine,
  processName,
  startLocalCluster,
} from '../engine/index.js';
import { helloOf, type OpCaller } from '../ipc/index.js';
import { ControllerLink } from './controller-link.js';
import { printAsCaller, registerHandleCodec, setHandleContext } from './handle/index.js';
import { KeepAlive, keepAliveRouter } from './keep-alive.js';
import type { ControllerOps, DeploymentKey } from './protocol/index.js';
import { openRouter, type RouterLike } from './router/index.js';
import { CLUSTER_ENTRIES } from './start-cluster.js';

let ownerKey: string | undefined;
let ownerName: string | undefined;

/** Names what owns this process's cluster over restarts (a kernel's notebook): a new one waits for its predecessor's end. */
export function setOwnerKey(key: string): void {
  ownerKey = key;
}

/** Says what people know this process by, e.g. its notebook: `nbserve status` shows it. */
export function setOwnerName(name: string): void {
  ownerName = name;
}

/** What people know this process by: what it was named, else its script. */
export const nameOfOwner = (): string => ownerName ?? processName();

let inOwnContext = (print: () => void): void => print();

/** Has what the cluster's own processes log printed by `run`. They work for whoever calls, not for the call that started them. */
export function setOwnLinesContext(run: (print: () => void) => void): void {
  inOwnContext = run;
}

export interface ClusterOptions extends HttpOptions {
  /** Its nodes. @default one, with what the machine has */
  readonly nodes?: readonly DeclaredNode[];
  /** Processes held ready for new replicas. */
  readonly spareReplicas: number;
}

/** This process's connection to its cluster: the control channel, the router behind handles, and the replicas' output. */
export class Client {
  /** By deployment key, which run was its last: its output goes where that run was called, e.g. to that notebook cell. */
  readonly #printers = new Map<string, (line: LogLine) => void>();

  isClosed = false;

  /** Work under way holds this process, connections to a cluster that it joined do not. */
  readonly #alive: KeepAlive;

  private constructor(
    readonly cluster: LocalCluster,
    readonly controller: ControllerLink,
    readonly router: RouterLike,
    /** Started here, so it ends here. */
    readonly isOwner: boolean,
    alive: KeepAlive,
  ) {
    this.#alive = alive;
  }

  /** Starts a cluster that ends with this process; it takes deploys. `cluster.serving` says when HTTP is answered. @throws NBS_PORT_IN_USE */
  static async start({ nodes, spareReplicas, ...http }: ClusterOptions): Promise<Client> {
    let client: Client | undefined;
    const early: LogLine[] = [];
    const cluster = await startLocalCluster({
      name: nameOfOwner(),
      http,
      ...(nodes === undefined ? {} : { nodes }),
      entries: CLUSTER_ENTRIES,
      controllerArgs: { spareReplicas },
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
   * Joins a running cluster and leaves it running at the end. What deployments print that are run from here appears here. The connection
   * does not keep this process alive, only requests and operations do.
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
    const opened = openRouter({ dir, token, hello, unref });
    const router = isOwner ? opened : keepAliveRouter(opened, alive);
    setHandleContext({ router, url, driver: cluster.driver });
    return new Client(cluster, controller, router, isOwner, alive);
  }

  readonly call: OpCaller<ControllerOps> = (op, args, options) => this.during(() => this.controller.call(op, args, options));

  /** This process does not end before the work has. */
  during<T>(work: () => Promise<T>): Promise<T> {
    return this.#alive.during(work);
  }

  /** From now on these deployments' output appears in the context of this call, and no longer at the driver that ran them before. */
  async printFor(deployments: readonly DeploymentKey[]): Promise<void> {
    const print = AsyncResource.bind(printLine);
    for (const key of deployments) this.#printers.set(key, print);
    await this.during(() => this.cluster.claimLogs(deployments));
  }

  /** Gives the connections back. A cluster of our own ends with it. */
  async close(): Promise<void> {
    this.isClosed = true;
    setHandleContext(null);
    this.router.close();
    this.controller.close();
    this.#alive.close();
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

/** A replica's line, marked with its name: `(Chat#k3f9a2) hello`. */
function printLine({ label, role, stream, text }: LogLine): void {
  const out = stream === 'stdout' ? process.stdout : process.stderr;
  out.write(`(${label}) ${role === 'replica' ? text : messageOf(text)}\n`);
}

/** Our own processes log JSON lines; a person is shown the message. */
function messageOf(line: string): string {
  try {
    const { msg } = JSON.parse(line) as { msg?: unknown };
    return typeof msg === 'string' ? msg : line;
  } catch {
    return line;
  }
}
