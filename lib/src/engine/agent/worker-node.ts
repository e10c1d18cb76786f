import { setTimeout as delay } from 'node:timers/promises';
import { hasCode } from '../../core/index.js';
import { type Channel, DeadlineExceeded, type OpCaller, opCaller, PeerGone } from '../../ipc/index.js';
import type { WorkerOps } from '../agent-ops.js';
import { type ProcessInfo, type ProcessSpec, ProcessState } from '../engine.js';
import { follow } from '../engine-connection.js';
import { ClusterStopping, NodeLost } from '../errors.js';
import type { Agent } from './agent.js';

/** How the head's agent starts the agent of a node, and reaches it. A node of another machine comes by itself: see {@link WorkerNode.attach}. */
export interface WorkerStarter {
  /** Resolves when the agent listens. @throws NBS_PORT_IN_USE, NBS_CANNOT_LISTEN, NBS_PROCESS_EXITED */
  start(): Promise<void>;
  connect(): Promise<Channel>;
  /** Kills it. */
  kill(): void;
}

export interface WorkerNodeOptions {
  readonly id: string;
  /** Keeps the lines that are printed on its node. */
  readonly head: Agent;
  /** Absent for a node of another machine. */
  readonly starter?: WorkerStarter;
  readonly onChange: (alive: boolean) => void;
}

const RECONNECT_MS = 20;
const KILL_MS = 1000;
const PING_EVERY_MS = 1000;
const PING_TIMEOUT_MS = 5000;
const MAX_MISSES = 2;

/** Sends one blob if the node does not have it. */
export type SendBlob = (hash: string, call: OpCaller<WorkerOps>) => Promise<void>;

interface Started {
  readonly spec: ProcessSpec;
  readonly startedAt: number;
  /** The number of the call that started it. */
  readonly call: number;
}

/** Another node, for the head's agent, which starts the node's agent and restarts it when it ends. */
export class WorkerNode {
  readonly id: string;
  readonly #options: WorkerNodeOptions;
  /** The processes that were started there and have not ended. */
  readonly #started = new Map<string, Started>();
  #call: OpCaller<WorkerOps> | undefined;
  #channel: Channel | undefined;
  readonly #blobs = new Map<string, Promise<void>>();
  #leaving = false;
  /** Its agent has said that it ends. Then it is still connected, and counts as down. */
  #left = false;
  /** How many processes were to be started. */
  #calls = 0;
  /** The number of the last line of its journal that was read. */
  #linesRead = 0;
  readonly #readers = new Set<() => void>();
  /** Resolves when everything that was printed there has been read. */
  #allRead: Promise<unknown> = Promise.resolve();

  constructor(options: WorkerNodeOptions) {
    this.id = options.id;
    this.#options = options;
  }

  get alive(): boolean {
    return this.#open !== undefined;
  }

  /** Its agent, if processes can be started there. */
  get #open(): OpCaller<WorkerOps> | undefined {
    return this.#left ? undefined : this.#call;
  }

  /** Starts its agent. Resolves when the agent is connected. @throws NBS_PORT_IN_USE, NBS_CANNOT_LISTEN, NBS_PROCESS_EXITED */
  async open(starter: WorkerStarter): Promise<void> {
    await starter.start();
    this.attach(await starter.connect());
  }

  /** Its agent has connected. If it was connected before, that connection ends first, with what ran there. */
  attach(channel: Channel): void {
    this.#channel?.destroy();
    if (this.#call !== undefined) this.#lost();
    this.#channel = channel;
    const call = opCaller<WorkerOps>(channel);
    this.#call = call;
    this.#linesRead = 0;
    this.#allRead = Promise.all([this.#followLogs(call), this.#followExits(call)]);
    void channel.closed.then(() => {
      if (this.#channel === channel) this.#lost();
    });
    void this.#watch(call);
    void this.#followLeaving(call);
    this.#options.onChange(true);
  }

  /** Copies blobs of the cluster to the node, each once. @throws NBS_NODE_LOST */
  async bring(hashes: readonly string[], send: SendBlob): Promise<void> {
    const call = this.#open;
    if (call === undefined) throw NodeLost({ node: this.id, label: 'code' });
    await Promise.all(
      hashes.map((hash) => {
        const known = this.#blobs.get(hash);
        if (known !== undefined) return known;
        const sending = send(hash, call);
        this.#blobs.set(hash, sending);
        sending.catch(() => this.#blobs.delete(hash));
        return sending;
      }),
    );
  }

  /** Tells it which blobs the head has. It removes the others. */
  keepBlobs(hashes: ReadonlySet<string>): Promise<void> {
    // What comes back later is asked for again.
    for (const hash of this.#blobs.keys()) if (!hashes.has(hash)) this.#blobs.delete(hash);
    return this.#ask('keepBlobs', { hashes: [...hashes] });
  }

  /** Resolves when its proxy is ready. */
  async serving(): Promise<void> {
    await this.#call?.('serving', undefined);
  }

  /** @returns see `Engine.start` */
  async start(spec: ProcessSpec): Promise<string | undefined> {
    const { label } = spec;
    const agent = this.#open;
    if (agent === undefined) throw NodeLost({ node: this.id, label });
    this.#calls += 1;
    const call = this.#calls;
    this.#started.set(spec.id, { spec, startedAt: Date.now(), call });
    try {
      return await agent('start', { ...spec, call });
    } catch (error) {
      // The node ends, and the cluster does not.
      const isEnding = hasCode(error, ClusterStopping) && !this.#leaving;
      throw isEnding || hasCode(error, PeerGone) ? NodeLost({ node: this.id, label }, error) : error;
    }
  }

  async rename(id: string, to: string, logGroup?: string): Promise<undefined> {
    const agent = this.#open;
    if (agent === undefined) throw NodeLost({ node: this.id, label: id });
    const started = this.#started.get(id);
    if (started !== undefined) {
      // At once, so that an operation on the new id goes to this node from now on.
      this.#started.delete(id);
      this.#started.set(to, { ...started, spec: { ...started.spec, id: to, label: to } });
    }
    try {
      await agent('rename', { id, to, ...(logGroup !== undefined && { logGroup }) });
    } catch (error) {
      // The process has ended there.
      if (started !== undefined) this.#started.delete(to);
      throw hasCode(error, PeerGone) ? NodeLost({ node: this.id, label: to }, error) : error;
    }
    return undefined;
  }

  /** Whether that process was started here and has not ended. */
  holds(id: string): boolean {
    return this.#started.has(id);
  }

  async stop(id: string, graceMs?: number): Promise<undefined> {
    const started = this.#started.get(id);
    await this.#ask('stop', { id, ...(graceMs === undefined ? {} : { graceMs }) });
    // If it was about to be started again, it does not end once more.
    if (started?.spec.restart === true && this.#started.get(id) === started) this.#started.delete(id);
    return undefined;
  }

  async list(): Promise<readonly ProcessInfo[]> {
    const agent = this.#open;
    return agent === undefined ? [] : agent('list', undefined).catch((error: unknown) => orNothing(error) ?? []);
  }

  /** From now on its agent is not restarted, and its end is expected. */
  leave(): void {
    this.#leaving = true;
  }

  /** Gives it a new certificate. */
  renew(cert: string): Promise<void> {
    return this.#ask('renew', { cert });
  }

  stopFront(graceMs: number): Promise<void> {
    return this.#ask('stopFront', { graceMs });
  }

  stopReplicas(graceMs: number): Promise<void> {
    return this.#ask('stopReplicas', { graceMs });
  }

  /** Resolves when its last line has been read. */
  async end(): Promise<void> {
    await this.#ask('end', undefined);
    await this.#allRead;
  }

  /** Asks it to kill its processes, and waits. They end in any case when it ends. */
  async killAll(): Promise<void> {
    this.#leaving = true;
    await Promise.race([this.#ask('killAll', undefined), delay(KILL_MS)]);
  }

  /** Calls an operation of its agent. If the agent has ended, there is nothing to do. */
  async #ask<K extends keyof WorkerOps>(op: K, args: WorkerOps[K]['args']): Promise<void> {
    await this.#call?.(op, args).catch(orNothing);
  }

  /** Watches its agent. If the agent runs but does not answer, it is killed, so that the node is reported as down and is down. */
  async #watch(call: OpCaller<WorkerOps>): Promise<void> {
    for (let misses = 0; ; ) {
      await delay(PING_EVERY_MS);
      if (this.#call !== call) return;
      try {
        await call('ping', undefined, { timeoutMs: PING_TIMEOUT_MS });
        misses = 0;
      } catch (error) {
        // One miss may be a pause of this process: then its timers fire before it reads what has come meanwhile.
        misses += hasCode(error, DeadlineExceeded) ? 1 : 0;
      }
      if (this.#leaving || misses < MAX_MISSES) continue;
      console.error(`node ${this.id} hangs: its agent did not answer for ${MAX_MISSES * PING_TIMEOUT_MS} ms; it is ended`);
      const { starter } = this.#options;
      // An agent on another machine ends its processes by itself when it has lost the head.
      if (starter === undefined) this.#channel?.destroy();
      else starter.kill();
      return;
    }
  }

  async #followLogs(call: OpCaller<WorkerOps>): Promise<void> {
    for await (const { entries, last } of follow((after) => call('logs', { after }), 0)) {
      for (const line of entries) this.#options.head.keepLine(line);
      this.#linesRead = last;
      for (const wake of [...this.#readers]) wake();
    }
    for (const wake of [...this.#readers]) wake();
  }

  /** Resolves when all lines that were printed there until now are kept here, or when the connection has ended. */
  async #linesKept(call: OpCaller<WorkerOps>): Promise<void> {
    const { last } = await call('logs', { after: null, atOnce: true });
    while (this.#call === call && this.#linesRead < last) {
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          this.#readers.delete(wake);
          resolve();
        };
        this.#readers.add(wake);
      });
    }
  }

  async #followExits(call: OpCaller<WorkerOps>): Promise<void> {
    for await (const { entries } of follow((after) => call('exits', { after }), 0)) {
      // The end of a process is reported after its last line.
      await this.#linesKept(call).catch(() => {});
      // Otherwise all that ran there was reported as lost.
      if (this.#call !== call && !this.#leaving) return;
      for (const info of entries) {
        const started = this.#started.get(info.id);
        const isOver = info.isRestarted !== true && (info.call === undefined || info.call === started?.call);
        if (isOver) this.#started.delete(info.id);
        // That it ends was reported when the node began to leave.
        if (!this.#left) this.#options.head.keepExit(info);
      }
    }
  }

  /** Called when the connection has ended. The children there end too, because their lifelines end. */
  #lost(): void {
    this.#call = undefined;
    this.#channel = undefined;
    this.#blobs.clear();
    const hasLeft = this.#left;
    this.#left = false;
    if (this.#leaving) return;
    if (!hasLeft) this.#reportDown('NODE_LOST');
    this.#started.clear();
    void this.#reconnect();
  }

  /** Its agent may say that it ends. Then what runs there is replaced at once, and may meanwhile finish what it has begun. */
  async #followLeaving(call: OpCaller<WorkerOps>): Promise<void> {
    try {
      await call('untilLeaving', undefined);
    } catch {
      return; // The connection has ended.
    }
    if (this.#call !== call || this.#leaving) return;
    this.#left = true;
    this.#reportDown('NODE_LEFT');
  }

  #reportDown(name: 'NODE_LOST' | 'NODE_LEFT'): void {
    this.#options.onChange(false);
    for (const one of this.#started.values()) this.#options.head.keepExit(endedProcess(this.id, one, name));
  }

  /** The head's agent restarts an agent of its own machine, after a pause that grows. */
  async #reconnect(): Promise<void> {
    const { starter } = this.#options;
    while (starter !== undefined && !this.#leaving && this.#call === undefined) {
      await delay(RECONNECT_MS);
      await starter.connect().then(
        (channel) => this.attach(channel),
        () => {},
      );
    }
  }
}

function endedProcess(node: string, { spec, startedAt }: Started, name: 'NODE_LOST' | 'NODE_LEFT'): ProcessInfo {
  const { id, role, label } = spec;
  const exit = { code: null, signal: null, name, stderrTail: [] } as const;
  return { id, role, label, pid: -1, state: ProcessState.STOPPED, startedAt, node, restarts: 0, exit };
}

function orNothing(error: unknown): undefined {
  if (!hasCode(error, PeerGone)) throw error;
  return undefined;
}
