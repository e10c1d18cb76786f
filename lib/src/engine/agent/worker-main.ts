/** The agent of a node besides the head: a child of the head's agent, with children of its own. */
import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { hasCode } from '../../core/index.js';
import { type Channel, handleOps, helloOf, listen } from '../../ipc/index.js';
import type { WorkerOps } from '../agent-ops.js';
import { enterChild } from '../child.js';
import type { ProcessSpec } from '../engine.js';
import { PortInUse } from '../errors.js';
import { Agent } from './agent.js';
import { type ListeningSocket, openListeningSocket } from './listening-socket.js';

/** JSON argument of a worker agent's process. */
export interface WorkerArgs {
  readonly node: string;
  readonly socket: string;
  /** Where its proxy listens, and that proxy; `null` on a node without one. */
  readonly http: { readonly host: string; readonly port: number; readonly proxy: ProcessSpec } | null;
}

const SIGNAL_GRACE_MS = 4000;
const PREDECESSOR_MS = 10_000;
const POLL_MS = 50;

const child = enterChild<WorkerArgs>();
const { dir, token } = child;
const { node, socket, http } = child.args;

try {
  // The socket file of one that was killed is still there.
  const patienceMs = existsSync(socket) ? PREDECESSOR_MS : 0;
  const listening = http === null ? null : await listenSoon(http.host, http.port, patienceMs);
  const agent = new Agent({ dir, node, listening });
  child.onStop(() => agent.stopAll(SIGNAL_GRACE_MS));
  const proxy = http === null ? Promise.resolve(undefined) : agent.start(http.proxy);
  proxy.catch(() => {}); // Told to who asks.
  const handler = handleOps<WorkerOps>({
    start: (spec) => agent.start(spec),
    rename: ({ id, to, logGroup }) => agent.rename(id, to, logGroup),
    stop: ({ id, graceMs }) => agent.stop(id, graceMs),
    list: () => agent.list(),
    logs: (request, call) => agent.logs(request, call),
    exits: (request, call) => agent.exits(request, call),
    ping: () => undefined,
    serving: () => proxy,
    stopFront: async ({ graceMs }) => void (await agent.stopFront(graceMs)),
    stopReplicas: async ({ graceMs }) => void (await agent.stopReplicas(graceMs)),
    end: async () => void (await agent.end()),
    killAll: async () => void (await agent.killAll()),
  });
  const onChannel = (channel: Channel): void => {
    channel.onCall = handler;
  };
  await listen({ path: socket }, { token, hello: helloOf('agent', node), onChannel });
  child.ready();
} catch (error) {
  child.exit('CANNOT_LISTEN', error);
}

/** The proxy of an agent before this one may not have ended yet. @throws NBS_PORT_IN_USE, NBS_CANNOT_LISTEN */
async function listenSoon(host: string, port: number, patienceMs: number): Promise<ListeningSocket> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    try {
      return await openListeningSocket(host, port);
    } catch (error) {
      if (!hasCode(error, PortInUse) || Date.now() > deadline) throw error;
      await delay(POLL_MS);
    }
  }
}
