import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { agentFile, agentSocket, hasCode, shortId } from '../core/index.js';
import { type Channel, ConnectFailed, connect, helloOf, type OpCaller, opCaller } from '../ipc/index.js';
import type { AgentOps, JournalBatch } from './agent-ops.js';
import { writeBlob } from './blob-store.js';
import type {
  BlobRef,
  DeclaredResources,
  Engine,
  LogLine,
  NodeChange,
  NodeInfo,
  ProcessInfo,
  ProcessSpec,
  StopOptions,
} from './engine.js';

const AGENT_START_MS = 10_000;
const AGENT_POLL_MS = 5;

/**
 * Connects to the agent of the cluster in `dir`. If the agent is still starting, this waits for it.
 * @throws NBS_CONNECT_FAILED, NBS_AUTH_FAILED, NBS_VERSION_SKEW
 */
export async function connectEngine(dir: string, token: string): Promise<Engine> {
  const deadline = Date.now() + AGENT_START_MS;
  for (;;) {
    try {
      const channel = await connect({ path: agentSocket(dir) }, { token, hello: helloOf('engine-client', shortId()) });
      return new LocalEngine(channel, dir);
    } catch (error) {
      const starting = existsSync(dir) && !existsSync(agentFile(dir)) && Date.now() < deadline;
      if (!starting || !hasCode(error, ConnectFailed)) throw error;
      await delay(AGENT_POLL_MS);
    }
  }
}

class LocalEngine implements Engine {
  readonly #channel: Channel;
  readonly #dir: string;
  readonly #call: OpCaller<AgentOps>;
  readonly #exitListeners = new Set<(info: ProcessInfo) => void>();
  #followsExits = false;
  readonly #nodeListeners = new Set<(change: NodeChange) => void>();
  #followsNodes = false;

  constructor(channel: Channel, dir: string) {
    this.#channel = channel;
    this.#dir = dir;
    this.#call = opCaller<AgentOps>(channel);
  }

  get closed(): Promise<void> {
    return this.#channel.closed;
  }

  nodes(): Promise<readonly NodeInfo[]> {
    return this.#call('nodes', undefined);
  }

  // The store is a folder on the agent's machine, which is this one, so the bytes are not sent.
  putCode(bytes: Uint8Array): Promise<BlobRef> {
    return writeBlob(this.#dir, bytes);
  }

  start(spec: ProcessSpec): Promise<string | undefined> {
    return this.#call('start', spec);
  }

  async bring(node: string, hashes: readonly string[]): Promise<void> {
    await this.#call('bring', { node, hashes });
  }

  async want(bundles: readonly DeclaredResources[]): Promise<void> {
    await this.#call('want', { bundles });
  }

  async rename(id: string, to: string, logGroup?: string): Promise<void> {
    await this.#call('rename', { id, to, ...(logGroup !== undefined && { logGroup }) });
  }

  async stop(id: string, options: StopOptions = {}): Promise<void> {
    await this.#call('stop', { id, ...options });
  }

  list(): Promise<readonly ProcessInfo[]> {
    return this.#call('list', undefined);
  }

  async *logs(id: string): AsyncGenerator<string> {
    const read = (after: number | null): Promise<JournalBatch<LogLine>> => this.#call('logs', { after, processId: id });
    for await (const { entries } of follow(read, null)) for (const line of entries) yield line.text;
  }

  onExit(listener: (info: ProcessInfo) => void): () => void {
    this.#exitListeners.add(listener);
    if (!this.#followsExits) {
      this.#followsExits = true;
      void tell(this.#exitListeners, (after) => this.#call('exits', { after }));
    }
    return () => void this.#exitListeners.delete(listener);
  }

  onNodeChange(listener: (change: NodeChange) => void): () => void {
    this.#nodeListeners.add(listener);
    if (!this.#followsNodes) {
      this.#followsNodes = true;
      void tell(this.#nodeListeners, (after) => this.#call('nodeChanges', { after }));
    }
    return () => void this.#nodeListeners.delete(listener);
  }

  close(): void {
    this.#channel.close();
  }
}

/** Calls the listeners with each entry that is written from now on. */
async function tell<T>(
  listeners: ReadonlySet<(entry: T) => void>,
  read: (after: number | null) => Promise<JournalBatch<T>>,
): Promise<void> {
  for await (const { entries } of follow(read, null)) {
    for (const entry of entries) for (const listener of [...listeners]) listener(entry);
  }
}

/** Reads a journal of the agent batch by batch, until the journal or the connection ends. */
export async function* follow<T>(
  read: (after: number | null) => Promise<JournalBatch<T>>,
  after: number | null,
): AsyncGenerator<JournalBatch<T>, void> {
  let position = after;
  for (;;) {
    let batch: JournalBatch<T>;
    try {
      batch = await read(position);
    } catch {
      return;
    }
    yield batch;
    if (batch.ended) return;
    position = batch.last;
  }
}
