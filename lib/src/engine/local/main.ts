/** The node agent's process. Its one argument is `AgentArguments` as JSON; fd 3 is its driver's pipe. */
import { readFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { toWireError } from '../../core/index.js';
import { removeFolder, writeAgentFile } from '../cluster-folder.js';
import { Agent } from './agent.js';
import type { AgentServer } from './agent-server.js';
import { type AgentArguments, type AgentMessage, LIFELINE_FD } from './lifeline-protocol.js';
import { openListeningSocket } from './listening-socket.js';
import { markProcess } from './process-mark.js';
import { tell } from './tell.js';

const { dir, node, detached, http, entries, resources } = JSON.parse(process.argv[2] ?? '') as AgentArguments;
const SIGNAL_GRACE_MS = 4000;

let agent: Agent | undefined;
let server: AgentServer | undefined;
let leaving = false;

const lifeline = new Socket({ fd: LIFELINE_FD, readable: true, writable: false });
lifeline.on('data', () => {});
lifeline.on('error', () => {});
lifeline.on('close', () => {
  if (!detached) void killAndLeave();
});
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => void (agent?.stopAll(SIGNAL_GRACE_MS) ?? Promise.resolve()).then(leave));
}
process.on('SIGHUP', () => {}); // The terminal of a detached cluster was closed.

try {
  const listening = await openListeningSocket(http.host, http.port);
  const { host, port } = listening;
  const { allowedHosts = [], allowedOrigins = [] } = http;
  const running = new Agent({ dir, node, ip: '127.0.0.1', resources, listening });
  agent = running;
  const base = { restart: true } as const;
  const controller = running.start({
    ...base,
    id: 'controller',
    role: 'controller',
    label: 'controller',
    main: entries.controller,
    args: { dir },
  });
  const proxy = running.start({
    ...base,
    id: 'proxy',
    role: 'proxy',
    label: 'proxy',
    main: entries.proxy,
    args: { dir, host, port, allowedHosts, allowedOrigins },
    listenFd: true,
  });
  proxy.catch(() => {}); // Awaited below.
  // Loading the channel takes 25 ms, in which the children boot.
  const opening = import('./agent-server.js').then(async ({ AgentServer }) => {
    const token = readFileSync(join(dir, 'token'), 'utf8');
    server = await AgentServer.open(running, { dir, node, token, onShutdown: () => void leave() });
    tell({ kind: 'open' } satisfies AgentMessage);
  });
  // Either's failure is told at once; the proxy takes longer, and a first deploy need not wait for it.
  const deployable = Promise.all([opening, controller]);
  await Promise.race([deployable, proxy.then(() => deployable)]);
  writeAgentFile(dir, { agent: markProcess(process.pid), host, port, startedAt: Date.now() });
  tell({ kind: 'up', host, port } satisfies AgentMessage);
  await proxy;
  tell({ kind: 'serving' } satisfies AgentMessage);
} catch (error) {
  tell({ kind: 'failed', error: toWireError(error) } satisfies AgentMessage);
  await killAndLeave();
}

async function killAndLeave(): Promise<void> {
  await agent?.killAll();
  removeFolder(dir);
  process.exit(0);
}

/** After everything has ended. */
async function leave(): Promise<void> {
  if (leaving) return;
  leaving = true;
  await server?.close();
  removeFolder(dir);
  process.exit(0);
}
