/** The node agent's process. Its one argument is `AgentArguments` as JSON; fd 3 is its driver's pipe. */
import { readFileSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { toWireError } from '../../core/index.js';
import { type ChannelServer, helloOf, listen } from '../../ipc/index.js';
import { agentSocket } from '../client.js';
import { removeFolder, writeAgentFile } from '../cluster-folder.js';
import { Agent } from './agent.js';
import { type AgentArguments, type AgentMessage, LIFELINE_FD } from './lifeline-protocol.js';
import { openListeningSocket } from './listening-socket.js';
import { markProcess } from './process-mark.js';

const { dir, node, detached, http, entries } = JSON.parse(process.argv[2] ?? '') as AgentArguments;
const SIGNAL_GRACE_MS = 4000;
/** How long drivers may take to read the last answers. */
const FAREWELL_MS = 1000;

let agent: Agent | undefined;
let server: ChannelServer | undefined;
let openChannels = 0;
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
  const token = readFileSync(join(dir, 'token'), 'utf8');
  const socket = await openListeningSocket(http.host, http.port);
  const running = new Agent({ dir, node, ip: '127.0.0.1', listenFd: socket.fd, onShutdown: () => void leaveWhenRead() });
  agent = running;
  server = await listen(
    { path: agentSocket(dir) },
    {
      token,
      hello: helloOf('agent', node),
      onChannel(channel) {
        openChannels++;
        void channel.closed.then(() => openChannels--);
        channel.onCall = running.handler;
      },
    },
  );
  const { host, port } = socket;
  await Promise.all([
    running.start({
      id: 'proxy',
      role: 'proxy',
      label: 'proxy',
      main: entries.proxy,
      args: { dir, host, port },
      restart: true,
      listenFd: true,
    }),
    running.start({
      id: 'controller',
      role: 'controller',
      label: 'controller',
      main: entries.controller,
      args: { dir },
      restart: true,
    }),
  ]);
  writeAgentFile(dir, { agent: markProcess(process.pid), host, port, startedAt: Date.now() });
  tell({ kind: 'up', host, port });
} catch (error) {
  tell({ kind: 'failed', error: toWireError(error) });
  await killAndLeave();
}

async function killAndLeave(): Promise<void> {
  await agent?.killAll();
  leave();
}

/** After a shutdown: once every driver has read its answers and hung up. */
async function leaveWhenRead(): Promise<void> {
  const deadline = Date.now() + FAREWELL_MS;
  while (openChannels > 0 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 5));
  leave();
}

function leave(): void {
  if (leaving) return;
  leaving = true;
  void server?.close().catch(() => {});
  removeFolder(dir);
  process.exit(0);
}

function tell(message: AgentMessage): void {
  try {
    writeSync(LIFELINE_FD, `${JSON.stringify(message)}\n`);
  } catch {
    // The driver is gone.
  }
}
