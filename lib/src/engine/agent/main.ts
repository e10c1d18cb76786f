/** The node agent's process. Its one argument is `AgentArguments` as JSON; fd 3 is its driver's pipe. */
import { readFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { markProcess, tokenFile, toWireError } from '../../core/index.js';
import { addressOf, removeFolder, urlOf, writeAgentFile } from '../cluster-folder.js';
import type { ProcessSpec } from '../engine.js';
import { type AgentArguments, type AgentMessage, LIFELINE_FD, tell } from '../lifeline.js';
import { Agent } from './agent.js';
import type { AgentServer } from './agent-server.js';
import { GRPC_PORT, openListeningSocket } from './listening-socket.js';
import { planNodes } from './node-plan.js';
import { Nodes } from './nodes.js';
import type { WorkerNode } from './worker-node.js';

const { dir, nodes, detached, http, machines, entries, controllerArgs } = JSON.parse(process.argv[2] ?? '') as AgentArguments;
const SIGNAL_GRACE_MS = 4000;
const OWN_HOSTS: readonly string[] = ['127.0.0.1', '::1', 'localhost'];
const WORKER_MAIN = fileURLToPath(new URL('./worker-main.js', import.meta.url));

let running: Nodes | undefined;
let server: AgentServer | undefined;
let leaving = false;

const lifeline = new Socket({ fd: LIFELINE_FD, readable: true, writable: false });
lifeline.on('data', () => {});
lifeline.on('error', () => {});
lifeline.on('close', () => {
  if (!detached) void killAndLeave();
});
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => void (running?.stopAll(SIGNAL_GRACE_MS) ?? Promise.resolve()).then(leave));
}
process.on('SIGHUP', () => {}); // A detached cluster gets it when its terminal is closed.

try {
  const { proxyLocation = 'EveryNode', allowedHosts = [], allowedOrigins = [], https } = http;
  const isSecure = https !== undefined;
  const listening = proxyLocation === 'Disabled' ? null : await openListeningSocket(http.host, http.port);
  const { host, port } = listening ?? { host: http.host, port: 0 };
  const grpcListening =
    listening === null || http.grpc === undefined ? null : await openListeningSocket(http.grpc.host, http.grpc.port, GRPC_PORT);
  const grpcPort = grpcListening?.port;
  const plans = planNodes(dir, nodes);
  const [head, ...others] = plans;
  const workerHttp = (ip: string) => (proxyLocation === 'EveryNode' ? { host: ip, port, ...(grpcPort && { grpcPort }) } : null);
  const urls = new Map(listening === null ? [] : [[head.id, urlOf(host, port, isSecure)]]);
  if (proxyLocation === 'EveryNode') for (const { id, ip } of others) urls.set(id, urlOf(ip, port, isSecure));
  const grpc = new Map(grpcListening === null ? [] : [[head.id, addressOf(grpcListening.host, grpcListening.port)]]);
  if (proxyLocation === 'EveryNode' && grpcPort) for (const { id, ip } of others) grpc.set(id, addressOf(ip, grpcPort));
  const token = readFileSync(tokenFile(dir), 'utf8');
  const proxySpec = (id: string, address: { readonly host: string; readonly port: number }): ProcessSpec => ({
    restart: true,
    id,
    role: 'proxy',
    label: id,
    main: entries.proxy,
    args: { dir, ...address, allowedHosts, allowedOrigins, ...(https && { https }) },
    listens: true,
  });
  // Others can call only if HTTP is answered at another address than that of this machine alone.
  const isOpen = proxyLocation === 'EveryNode' && listening !== null && !OWN_HOSTS.includes(http.host) && !isSecure && !http.grpc;
  const nodeHttp = (node: string) => (isOpen ? { port, proxy: proxySpec(`proxy@${node}`, { host: '', port }) } : null);
  const machine = machines && (await (await import('./machines.js')).prepareMachines(dir, head.id, token, machines, nodeHttp));
  const sockets = [listening, grpcListening].filter((socket) => socket !== null);
  const agent = new Agent({ dir, node: head.id, listening: sockets, control: machine?.control });
  const all = new Nodes(agent, plans, { urls, grpc });
  running = all;
  const controller = agent.start({
    restart: true,
    id: 'controller',
    role: 'controller',
    label: 'controller',
    main: entries.controller,
    args: { ...controllerArgs, dir, severalNodes: others.length > 0 || machine !== undefined },
    ...(machine !== undefined && { listens: true }),
  });
  const proxy = listening === null ? Promise.resolve() : agent.start(proxySpec('proxy', { host, port }));
  proxy.catch(() => {}); // Awaited below.
  // Loading the channel takes 25 ms, in which the children start.
  const opening = import('./agent-server.js').then(async ({ AgentServer }) => {
    server = await AgentServer.open(all, {
      dir,
      node: head.id,
      token,
      onStopped: () => removeFolder(dir),
      onShutdown: () => void leave(),
    });
    await machine?.open(agent, all);
    tell({ kind: 'open' } satisfies AgentMessage);
  });
  const workers = others.map(async (plan): Promise<WorkerNode> => {
    const address = workerHttp(plan.ip);
    const http = address === null ? null : { ...address, proxy: proxySpec(`proxy@${plan.id}`, address) };
    const { startWorker } = await import('./start-worker.js');
    return startWorker({ plan, token, head: agent, nodes: all, http, main: WORKER_MAIN });
  });
  for (const worker of workers) worker.catch(() => {}); // Awaited below.
  // A failure of either is reported at once. The proxy takes longer, and a first deploy need not wait for it.
  const deployable = Promise.all([opening, controller, ...workers]);
  await Promise.race([deployable, proxy.then(() => deployable)]);
  const grpcAt = grpc.get(head.id);
  writeAgentFile(dir, {
    agent: markProcess(process.pid),
    host,
    port,
    ...(isSecure && { https: true }),
    ...(grpcAt && { grpc: grpcAt }),
    ...(machines?.ray && { ray: new URL(machines.ray.address).origin }),
    startedAt: Date.now(),
  });
  tell({ kind: 'up', host, port } satisfies AgentMessage);
  await Promise.all([proxy, ...workers.map(async (worker) => (await worker).serving())]);
  tell({ kind: 'serving' } satisfies AgentMessage);
} catch (error) {
  tell({ kind: 'failed', error: toWireError(error) } satisfies AgentMessage);
  await killAndLeave();
}

async function killAndLeave(): Promise<void> {
  await running?.killAll();
  removeFolder(dir);
  process.exit(0);
}

/** Call this when every process has ended. */
async function leave(): Promise<void> {
  if (leaving) return;
  leaving = true;
  await server?.close();
  removeFolder(dir);
  process.exit(0);
}
