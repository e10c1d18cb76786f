import { agentSocket } from '../../core/index.js';
import { type ChannelServer, handleOps, helloOf, listen } from '../../ipc/index.js';
import type { AgentOps, JournalBatch, ReadJournal } from '../agent-ops.js';
import type { AdmittedNode, DeclaredResources, JoinAddress, NodeChange, NodeInfo, ProcessInfo } from '../engine.js';
import type { Agent, JournalReader } from './agent.js';

/** The methods of the agent that the control socket of a cluster offers. */
export type AgentDoor = Pick<Agent, 'start' | 'stop' | 'logs' | 'claimLogs' | 'exits'> & {
  nodes(): Promise<readonly NodeInfo[]>;
  nodeChanges(request: ReadJournal, reader: JournalReader): Promise<JournalBatch<NodeChange>>;
  list(): readonly ProcessInfo[] | Promise<readonly ProcessInfo[]>;
  rename(id: string, to: string, logGroup?: string): undefined | Promise<undefined>;
  bring(node: string, hashes: readonly string[]): Promise<undefined>;
  joinAddress(): JoinAddress;
  gathered(): Promise<readonly string[]>;
  want(bundles: readonly DeclaredResources[]): undefined;
  admit(node: AdmittedNode): undefined;
  stopAll(graceMs: number): Promise<void>;
};

export interface AgentServerOptions {
  readonly dir: string;
  readonly node: string;
  readonly token: string;
  /** Called when every process has ended because of a `shutdown`, before the answer to the `shutdown` is sent. */
  readonly onStopped: () => void;
  /** Called when the `shutdown` has been answered. */
  readonly onShutdown: () => void;
}

/** How long `close` waits for drivers that still read the last lines of output. */
const LAST_READ_MS = 1000;

/** Answers {@link AgentOps} on the cluster's control socket. */
export class AgentServer {
  readonly #server: ChannelServer;
  /** The connections of drivers. A driver closes its connection when it has read everything. */
  readonly #drivers: Set<Promise<void>>;

  private constructor(server: ChannelServer, drivers: Set<Promise<void>>) {
    this.#server = server;
    this.#drivers = drivers;
  }

  /** @throws NBS_LISTEN_FAILED */
  static async open(agent: AgentDoor, { dir, node, token, onStopped, onShutdown }: AgentServerOptions): Promise<AgentServer> {
    const drivers = new Set<Promise<void>>();
    const handler = handleOps<AgentOps>({
      nodes: () => agent.nodes(),
      start: (spec) => agent.start(spec),
      rename: ({ id, to, logGroup }) => agent.rename(id, to, logGroup),
      stop: ({ id, graceMs }) => agent.stop(id, graceMs),
      list: () => agent.list(),
      logs: (request, call) => agent.logs(request, call),
      claimLogs: ({ groups, driver }) => agent.claimLogs(groups, driver),
      exits: (request, call) => agent.exits(request, call),
      nodeChanges: (request, call) => agent.nodeChanges(request, call),
      bring: ({ node, hashes }) => agent.bring(node, hashes),
      joinAddress: () => agent.joinAddress(),
      want: ({ bundles }) => agent.want(bundles),
      gathered: () => agent.gathered(),
      admit: (node) => agent.admit(node),
      shutdown: async ({ graceMs }) => {
        await agent.stopAll(graceMs);
        onStopped();
        // This runs after the answer has been sent.
        setImmediate(onShutdown);
        return undefined;
      },
    });
    const server = await listen(
      { path: agentSocket(dir) },
      {
        token,
        hello: helloOf('agent', node),
        onChannel(channel) {
          channel.onCall = handler;
          if (channel.peer.role !== 'driver') return;
          drivers.add(channel.closed);
          void channel.closed.then(() => drivers.delete(channel.closed));
        },
      },
    );
    return new AgentServer(server, drivers);
  }

  /** Closes the socket when the drivers have read the last lines of output, or after {@link LAST_READ_MS}. */
  async close(): Promise<void> {
    const withinLimit = (promise: Promise<unknown>): Promise<unknown> =>
      Promise.race([promise, new Promise((resolve) => setTimeout(resolve, LAST_READ_MS))]);
    await withinLimit(Promise.all(this.#drivers));
    await withinLimit(this.#server.close());
  }
}
