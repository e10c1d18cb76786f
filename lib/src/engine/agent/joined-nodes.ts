import { readdir } from 'node:fs/promises';
import { blobFolder } from '../../core/index.js';
import { opCaller } from '../../ipc/index.js';
import type { WorkerOps } from '../agent-ops.js';
import type { AdmittedNode, DeclaredResources, JoinAddress, NodeInfo, NodeResources } from '../engine.js';
import type { RayNodes } from '../ray/index.js';
import type { Agent } from './agent.js';
import type { Gate } from './gate.js';
import type { Nodes } from './nodes.js';
import { sendBlob } from './send-blob.js';
import { type SendBlob, WorkerNode } from './worker-node.js';

/** The controller removes blobs that nobody uses any more from the head's folder; then the nodes remove them too. */
const TIDY_EVERY_MS = 10 * 60_000;
/** A node that was lost so long ago is forgotten. */
const FORGET_AFTER_MS = 60 * 60_000;

interface Joined {
  readonly worker: WorkerNode;
  /** When it was lost; `null` while it is connected. */
  readonly lostAt: number | null;
  readonly ip: string;
  readonly url?: string;
  readonly resources: NodeResources;
}

/** The nodes of other machines, for the head's agent. */
export class JoinedNodes {
  readonly #gate: Gate;
  readonly #all: Nodes;
  readonly #ray: RayNodes | undefined;
  readonly #send: SendBlob;
  readonly #tidying: NodeJS.Timeout;
  readonly #nodes = new Map<string, Joined>();

  constructor(head: Agent, all: Nodes, gate: Gate, { dir, ray }: { readonly dir: string; readonly ray: RayNodes | undefined }) {
    this.#gate = gate;
    this.#all = all;
    this.#ray = ray;
    this.#send = (hash, call) => sendBlob(dir, hash, call);
    this.#tidying = setInterval(() => {
      this.forget(Date.now() - FORGET_AFTER_MS);
      this.#tidy(dir).catch(() => {});
    }, TIDY_EVERY_MS).unref();
    gate.onNode = async (id, channel) => {
      const machine = await opCaller<WorkerOps>(channel)('machine', undefined);
      let { worker } = this.#nodes.get(id) ?? {};
      if (worker === undefined) {
        worker = new WorkerNode({ id, head, onChange: (alive) => this.#changed(id, alive) });
        all.add(worker);
      }
      this.#nodes.set(id, { ...machine, worker, lostAt: null });
      worker.attach(channel);
      ray?.joined(id);
    };
  }

  #changed(id: string, alive: boolean): void {
    const joined = this.#nodes.get(id);
    if (joined !== undefined) this.#nodes.set(id, { ...joined, lostAt: alive ? null : Date.now() });
    if (!alive) this.#ray?.lost(id);
    this.#all.changed({ id, alive });
  }

  /** Forgets the nodes that were lost before this time. */
  forget(before: number): void {
    const lost = [...this.#nodes].filter(([, { lostAt }]) => lostAt !== null && lostAt < before).map(([id]) => id);
    for (const id of lost) {
      this.#nodes.delete(id);
      this.#all.remove(id);
      this.#gate.forget(id);
    }
    if (lost.length > 0) this.#all.changed({ id: '', alive: false });
  }

  /** See `Engine.want`. */
  want(bundles: readonly DeclaredResources[]): void {
    this.#ray?.want(bundles);
  }

  /** Resolves when the nodes that another engine had at the start have joined, or cannot. With what is said of those that have not. */
  async gathered(): Promise<readonly string[]> {
    return (await this.#ray?.gathered) ?? [];
  }

  get address(): JoinAddress {
    return this.#gate.address;
  }

  admit(node: AdmittedNode): void {
    this.#gate.admit(node);
  }

  /** Copies blobs to a node. The nodes of the head's machine read the head's folder, so for them there is nothing to do. @throws NBS_NODE_LOST */
  async bring(node: string, hashes: readonly string[]): Promise<void> {
    await this.#nodes.get(node)?.worker.bring(hashes, this.#send);
  }

  /** Gives each node a new certificate. */
  renew(): void {
    for (const [node, { worker }] of this.#nodes) {
      const cert = this.#gate.certify(node);
      if (cert !== undefined) void worker.renew(cert);
    }
  }

  /** @throws if the folder cannot be read, for example for want of file descriptors; the next time comes soon enough */
  async #tidy(dir: string): Promise<void> {
    const hashes = new Set(await readdir(blobFolder(dir)));
    for (const { worker } of this.#nodes.values()) worker.keepBlobs(hashes).catch(() => {});
  }

  /** To be called when the nodes have ended. */
  async close(): Promise<void> {
    clearInterval(this.#tidying);
    await Promise.all([this.#ray?.close(), this.#gate.close()]);
  }

  list(): readonly NodeInfo[] {
    const expected = this.#ray?.expected.filter(({ id }) => !this.#nodes.has(id)) ?? [];
    const joined = [...this.#nodes].map(
      ([id, { worker, lostAt: _, ...machine }]): NodeInfo => ({ id, alive: worker.alive, isJoined: true, ...machine }),
    );
    return [...joined, ...expected];
  }
}
