import { existsSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { deferred, grpcFile, hasCode } from '../../core/index.js';
import { AuthFailed, type Channel, connect, helloOf, splitHostPort, type TlsIdentity, VersionSkew } from '../../ipc/index.js';
import { watchOwnCertificates } from '../certificates/index.js';
import { createClusterFolder, removeStaleFolders, urlOf } from '../cluster-folder.js';
import type { ProcessSpec } from '../engine.js';
import { NodeRefused } from '../errors.js';
import type { JoinArguments } from '../machines.js';
import { Agent } from './agent.js';
import { type Admission, introduction } from './gate.js';
import { type ListeningSocket, listenSoon } from './listening-socket.js';
import { PACKAGE_ROOT, writeNodeFile } from './machines.js';
import type { AdmittedSelf } from './request-admission.js';
import { workerOps } from './worker-ops.js';

const SIGNAL_GRACE_MS = 4000;
/** A head that has not asked for so long has given the node up. It asks at least every six seconds, and gives up after two questions without an answer. */
const HEAD_SILENT_S = 15;
/** How long a node that has lost the head tries to find it again. */
const REJOIN_MS = 60_000;
const RETRY_MS = 250;
/** How long a proxy that ends may keep the port. */
const PREDECESSOR_MS = 10_000;

/** A node on another machine than the head: its agent, and its connection to the head. */
export class JoinedNode {
  readonly dir: string;
  readonly #args: JoinArguments;
  readonly #admission: Admission;
  #identity: TlsIdentity;
  #agent: Agent;
  #channel: Channel | undefined;
  #leaving = false;
  readonly #left = deferred<void>();
  #refused = false;
  /** Seconds since the head asked last. */
  #silentS = 0;

  constructor(args: JoinArguments, { admission, identity }: AdmittedSelf) {
    this.#args = args;
    this.#admission = admission;
    this.#identity = identity;
    const { node, token } = admission;
    removeStaleFolders().catch(() => {});
    const { dir } = createClusterFolder({ name: `node ${node} of ${args.head}`, ownerKey: null, detached: false, token });
    this.dir = dir;
    this.#writeFile();
    if (admission.grpc !== null) writeFileSync(grpcFile(dir), admission.grpc, { mode: 0o600 });
    this.#agent = this.#newAgent([]);
    const { tls, host } = args;
    if (tls !== undefined)
      watchOwnCertificates(
        tls,
        host,
        (changed) => this.#renew(changed),
        (error) => console.error(error.message),
      );
  }

  /**
   * Runs until the head ends the node, or is lost for too long. When the connection to the head ends, the head has given up what ran here. Requests that
   * run get half of {@link SIGNAL_GRACE_MS} to end, everything that runs here is ended, and the node joins again, empty.
   * @param onJoined is called when the first connection to the head is open
   * @throws NBS_NODE_REFUSED, NBS_VERSION_SKEW, NBS_AUTH_FAILED, or NBS_CONNECT_FAILED if the head was lost for too long
   */
  async run(onJoined: () => void): Promise<void> {
    let isFirst = true;
    while (!this.#leaving) {
      const socket = await this.#listen();
      this.#agent = this.#newAgent(socket === null ? [] : [socket]);
      const channel = await this.#connect(socket === null ? undefined : urlOf(socket.host, socket.port));
      if (channel === undefined) break;
      if (isFirst) onJoined();
      isFirst = false;
      if (socket !== null) this.#startProxy();
      const stopWatching = this.#watchHead(channel);
      await channel.closed;
      stopWatching();
      await this.#agent.stopAll(SIGNAL_GRACE_MS);
      if (this.#refused) throw NodeRefused({ address: this.#args.head, node: this.#admission.node });
    }
    await this.#agent.stopAll(SIGNAL_GRACE_MS);
  }

  /** Leaves the cluster: the head starts nothing more here, and what runs here gets half of {@link SIGNAL_GRACE_MS} for what it has begun. */
  async stop(): Promise<void> {
    this.#leaving = true;
    // Before anything ends, so that the head does not take it for a failure.
    this.#left.resolve();
    await this.#agent.stopAll(SIGNAL_GRACE_MS);
    this.#channel?.close();
  }

  /** If the network is cut, no connection ends. The turns of a timer are counted, because after a pause of this process they are few, and time is not. */
  #watchHead(channel: Channel): () => void {
    this.#silentS = 0;
    const timer = setInterval(() => {
      this.#silentS += 1;
      if (this.#silentS < HEAD_SILENT_S) return;
      console.error(`the head was silent for ${HEAD_SILENT_S} s, so what runs on this node is ended`);
      channel.destroy();
    }, 1000);
    return () => clearInterval(timer);
  }

  #writeFile(): void {
    const { node, controller, name, headName } = this.#admission;
    writeNodeFile(this.dir, { ...this.#identity, node, host: this.#args.host, controller, name, headName });
  }

  /** From now on, new connections have this certificate. */
  #renew(identity: TlsIdentity): void {
    this.#identity = identity;
    this.#writeFile();
  }

  #newAgent(listening: readonly ListeningSocket[]): Agent {
    return new Agent({ dir: this.dir, node: this.#admission.node, listening });
  }

  /** The socket of the node's proxy. A node whose port is in use has no proxy. */
  async #listen(): Promise<ListeningSocket | null> {
    const { http } = this.#admission;
    if (http === null) return null;
    try {
      return await listenSoon(this.#args.host, http.port, PREDECESSOR_MS);
    } catch (error) {
      console.error(`this node has no proxy: ${(error as Error).message}`);
      return null;
    }
  }

  #startProxy(): void {
    const { proxy } = this.#admission.http as NonNullable<Admission['http']>;
    const spec = this.#localSpec({ ...proxy, args: { ...(proxy.args as object), host: this.#args.host } });
    this.#agent.start(spec).catch((error: Error) => console.error(`the proxy of this node ended: ${error.message}`));
  }

  /** @returns nothing if this node leaves meanwhile */
  async #connect(url: string | undefined): Promise<Channel | undefined> {
    const { token, headName: peerName, resources } = this.#admission;
    const deadline = Date.now() + REJOIN_MS;
    while (!this.#leaving) {
      try {
        const channel = await connect(
          { ...splitHostPort(this.#args.head), tls: this.#identity, peerName },
          { token, hello: helloOf('agent', introduction(this.#admission)) },
        );
        // `stop` has closed the connection before this one.
        if (this.#leaving) {
          channel.close();
          return undefined;
        }
        channel.onCall = workerOps(this.dir, this.#agent, {
          host: this.#args.host,
          url,
          leaving: this.#left.promise,
          declared: { ...resources, ...this.#args.resources },
          localSpec: (spec) => this.#localSpec(spec),
          onPing: () => {
            this.#silentS = 0;
          },
          onRenew: (cert) => this.#renew({ ...this.#identity, cert }),
          onLeave: () => {
            this.#leaving = true;
          },
          onRefused: () => {
            this.#refused = true;
          },
        });
        this.#channel = channel;
        return channel;
      } catch (error) {
        // Another try would not help.
        if (hasCode(error, VersionSkew) || hasCode(error, AuthFailed) || Date.now() > deadline) throw error;
        await delay(RETRY_MS);
      }
    }
    return undefined;
  }

  /** The folders of the head's cluster and package are others here. A working folder that this machine does not have is that of the node. */
  #localSpec(spec: ProcessSpec): ProcessSpec {
    const { dir, root } = this.#admission;
    const here = (path: string): string => {
      for (const [theirs, ours] of [
        [dir, this.dir],
        [root, PACKAGE_ROOT],
      ] as const) {
        if (path === theirs || path.startsWith(`${theirs}/`)) return ours + path.slice(theirs.length);
      }
      return path;
    };
    const cwd = here(spec.cwd ?? this.dir);
    return { ...spec, main: here(spec.main), args: mapTexts(spec.args, here), cwd: existsSync(cwd) ? cwd : this.dir };
  }
}

/** JSON with every text replaced. */
function mapTexts(value: unknown, replace: (text: string) => string): unknown {
  if (typeof value === 'string') return replace(value);
  if (Array.isArray(value)) return value.map((one) => mapTexts(one, replace));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, mapTexts(one, replace)]));
}
