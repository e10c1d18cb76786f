/** The agent of a node besides the head: a child of the head's agent, with children of its own. */
import { existsSync } from 'node:fs';
import { deferred } from '../../core/index.js';
import { type Channel, helloOf, listen } from '../../ipc/index.js';
import { enterChild } from '../child.js';
import type { ProcessSpec } from '../engine.js';
import { Agent } from './agent.js';
import { type ListeningSocket, listenSoon } from './listening-socket.js';
import { workerOps } from './worker-ops.js';

/** The argument of a worker agent's process, as JSON. */
export interface WorkerArgs {
  readonly node: string;
  readonly socket: string;
  /** The address at which its proxy listens, and that proxy. `null` if the node has no proxy. */
  readonly http: { readonly host: string; readonly port: number; readonly grpcPort?: number; readonly proxy: ProcessSpec } | null;
}

const SIGNAL_GRACE_MS = 4000;
const PREDECESSOR_MS = 10_000;

const child = enterChild<WorkerArgs>();
const { dir, token } = child;
const { node, socket, http } = child.args;

try {
  // A worker agent that was killed has left its socket file.
  const patienceMs = existsSync(socket) ? PREDECESSOR_MS : 0;
  const listening: ListeningSocket[] = [];
  if (http !== null) listening.push(await listenSoon(http.host, http.port, patienceMs));
  if (http?.grpcPort !== undefined) listening.push(await listenSoon(http.host, http.grpcPort, patienceMs));
  const agent = new Agent({ dir, node, listening });
  const left = deferred<void>();
  child.onStop(() => {
    left.resolve();
    return agent.stopAll(SIGNAL_GRACE_MS);
  });
  const proxy = http === null ? Promise.resolve(undefined) : agent.start(http.proxy);
  proxy.catch(() => {}); // The operation `serving` returns the error.
  const handler = workerOps(dir, agent, { host: '', declared: {}, serving: () => proxy, leaving: left.promise });
  const onChannel = (channel: Channel): void => {
    channel.onCall = handler;
  };
  await listen({ path: socket }, { token, hello: helloOf('agent', node), onChannel });
  child.ready();
} catch (error) {
  child.exit('CANNOT_LISTEN', error);
}
