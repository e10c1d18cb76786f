import { setTimeout as delay } from 'node:timers/promises';
import type { JournalBatch, ReadJournal, ReadLogs } from '../agent-ops.js';
import type {
  AdmittedNode,
  DeclaredResources,
  JoinAddress,
  LogLine,
  NodeChange,
  NodeInfo,
  ProcessInfo,
  ProcessSpec,
} from '../engine.js';
import { NodeExists, NodeLost, OneMachine } from '../errors.js';
import type { Agent, JournalReader } from './agent.js';
import type { AgentDoor } from './agent-server.js';
import type { JoinedNodes } from './joined-nodes.js';
import { Journal } from './journal.js';
import type { NodePlan } from './node-plan.js';
import { nodeResources } from './node-resources.js';
import type { WorkerNode } from './worker-node.js';

const CHANGE_JOURNAL_BYTES = 64 * 1024;
const CHANGE_BYTES = 100;
/** How long the stop of jobs of another engine may take when everything is killed. */
const CLOSE_MS = 2000;

/** Where each node answers, by the node's id. */
export interface NodeAddresses {
  readonly urls: ReadonlyMap<string, string>;
  /** `host:port` of gRPC. */
  readonly grpc: ReadonlyMap<string, string>;
}

/** The operations of a cluster over all its nodes: the head's agent does them, or passes them to the agents of the other nodes. */
export class Nodes implements AgentDoor {
  readonly #head: Agent;
  readonly #plans: readonly [NodePlan, ...NodePlan[]];
  readonly #addresses: NodeAddresses;
  readonly #workers = new Map<string, WorkerNode>();
  #joined: JoinedNodes | undefined;
  readonly #changes = new Journal<NodeChange>(CHANGE_JOURNAL_BYTES);
  #stopped: Promise<void> | undefined;

  constructor(head: Agent, plans: readonly [NodePlan, ...NodePlan[]], addresses: NodeAddresses) {
    this.#head = head;
    this.#plans = plans;
    this.#addresses = addresses;
  }

  /** From now on, nodes of other machines can join. */
  open(joined: JoinedNodes): void {
    this.#joined = joined;
  }

  /** @throws NBS_ONE_MACHINE */
  joinAddress(): JoinAddress {
    if (this.#joined === undefined) throw OneMachine({});
    return this.#joined.address;
  }

  want(bundles: readonly DeclaredResources[]): undefined {
    this.#joined?.want(bundles);
    return undefined;
  }

  async gathered(): Promise<readonly string[]> {
    return (await this.#joined?.gathered()) ?? [];
  }

  /** @throws NBS_ONE_MACHINE, NBS_NODE_EXISTS */
  admit(node: AdmittedNode): undefined {
    if (this.#joined === undefined) throw OneMachine({});
    const isOfThisMachine = this.#plans.some(({ id }) => id === node.node);
    if (isOfThisMachine || this.#workers.get(node.node)?.alive === true) throw NodeExists({ node: node.node });
    this.#joined.admit(node);
    return undefined;
  }

  /** @throws NBS_NODE_LOST */
  async bring(node: string, hashes: readonly string[]): Promise<undefined> {
    await this.#joined?.bring(node, hashes);
    return undefined;
  }

  add(worker: WorkerNode): void {
    this.#workers.set(worker.id, worker);
  }

  remove(id: string): void {
    this.#workers.delete(id);
  }

  /** Call this before the exits of the processes that ran there are reported. */
  changed(change: NodeChange): void {
    this.#changes.append(change, CHANGE_BYTES);
  }

  async nodes(): Promise<readonly NodeInfo[]> {
    const declared = this.#plans.map((plan) => plan.declared);
    // The controller asks for the nodes again.
    const resources = await nodeResources(declared, () => this.changed({ id: '', alive: false }));
    const here = this.#plans.map(({ id, ip }, index): NodeInfo => {
      const url = this.#addresses.urls.get(id);
      const grpc = this.#addresses.grpc.get(id);
      const alive = index === 0 || this.#workers.get(id)?.alive === true;
      return { id, ip, alive, ...(url && { url }), ...(grpc && { grpc }), resources: resources[index] as NodeInfo['resources'] };
    });
    return [...here, ...(this.#joined?.list() ?? [])];
  }

  nodeChanges({ after }: ReadJournal, reader: JournalReader): Promise<JournalBatch<NodeChange>> {
    reader.onCancel = () => this.#changes.poke();
    return this.#changes.next(after ?? this.#changes.last, undefined, () => reader.cancelled);
  }

  /** @throws NBS_NODE_LOST, and what `Agent.start` throws */
  start(spec: ProcessSpec): Promise<string | undefined> {
    const { node = this.#plans[0].id, label } = spec;
    if (node === this.#plans[0].id) return this.#head.start(spec);
    const worker = this.#workers.get(node);
    return worker === undefined ? Promise.reject(NodeLost({ node, label })) : worker.start(spec);
  }

  /** @throws NBS_CANNOT_RENAME, NBS_NODE_LOST */
  async rename(id: string, to: string, logGroup?: string): Promise<undefined> {
    return (this.#holder(id) ?? this.#holder(to) ?? this.#head).rename(id, to, logGroup);
  }

  stop(id: string, graceMs?: number): Promise<undefined> {
    return (this.#holder(id) ?? this.#head).stop(id, graceMs);
  }

  async list(): Promise<readonly ProcessInfo[]> {
    const lists = await Promise.all([this.#head.list(), ...[...this.#workers.values()].map((worker) => worker.list())]);
    return lists.flat();
  }

  logs(request: ReadLogs, reader: JournalReader): Promise<JournalBatch<LogLine>> {
    return this.#head.logs(request, reader, (id) => this.#holder(id) !== undefined);
  }

  claimLogs(groups: readonly string[], driver: string): undefined {
    return this.#head.claimLogs(groups, driver);
  }

  exits(request: ReadJournal, reader: JournalReader): Promise<JournalBatch<ProcessInfo>> {
    return this.#head.exits(request, reader);
  }

  /** Ends everything in stages, because a proxy may need replicas of other nodes to finish its requests. */
  stopAll(graceMs: number): Promise<void> {
    this.#stopped ??= (async () => {
      for (const worker of this.#workers.values()) worker.leave();
      await this.#everywhere((agent) => agent.stopFront(graceMs / 2));
      await this.#everywhere((agent) => agent.stopReplicas(graceMs / 2));
      // The workers' last lines come before the head's journals end.
      await Promise.all([...this.#workers.values()].map((worker) => worker.end()));
      await this.#joined?.close();
      await this.#head.end();
    })();
    return this.#stopped;
  }

  /** Sends SIGKILL to every process. Resolves when all have ended. */
  async killAll(): Promise<void> {
    await Promise.all([...this.#workers.values()].map((worker) => worker.killAll()));
    await Promise.race([this.#joined?.close(), delay(CLOSE_MS)]);
    await this.#head.killAll();
  }

  #holder(id: string): WorkerNode | undefined {
    return [...this.#workers.values()].find((worker) => worker.holds(id));
  }

  async #everywhere(action: (agent: Pick<Agent, 'stopFront' | 'stopReplicas'>) => Promise<unknown>): Promise<void> {
    await Promise.all([this.#head, ...this.#workers.values()].map(action));
  }
}
