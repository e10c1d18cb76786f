import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { agentSocket, grpcFile, isAlive, logsFolder, markProcess, shortId, timerMs, tokenFile } from '../core/index.js';
import { type Channel, connect, helloOf, opCaller } from '../ipc/index.js';
import type { AgentOps } from './agent-ops.js';
import { AgentProcess } from './agent-process.js';
import {
  type ClusterInfo,
  clusterIn,
  createClusterFolder,
  detachedClusters,
  oneAtATime,
  predecessorsEnded,
  removeStaleFolders,
  urlOf,
} from './cluster-folder.js';
import type { ClusterEntries, DeclaredNode, HttpOptions, LogLine, MachineOptions } from './engine.js';
import { follow } from './engine-connection.js';
import { ClusterGone, DetachedRunning } from './errors.js';
import type { ExitReport } from './exit-report.js';

/** Plain JSON. */
type ControllerArgs = Readonly<Record<string, unknown>>;

export interface LocalClusterOptions {
  /** The cluster's name for people: its notebook or command. @default the process's script */
  readonly name?: string | undefined;
  /** A key that an owner keeps over its restarts. A new cluster waits until the cluster of an earlier process with the same key has ended. */
  readonly ownerKey?: string;
  /** The cluster keeps running when this process ends. @default false */
  readonly detached?: boolean;
  readonly http: HttpOptions;
  /** Its nodes, the head first. @default one node with the machine's resources */
  readonly nodes?: readonly DeclaredNode[];
  /** If it is present, nodes of other machines can join. */
  readonly machines?: MachineOptions | undefined;
  /** Arguments for the controller's process besides its folder. */
  readonly controllerArgs?: ControllerArgs;
  /** The start resolves when deploys are accepted, before the proxy is ready; then {@link LocalCluster.serving} resolves when it is. @default false */
  readonly early?: boolean;
  /** Is called with every line that a process of the cluster prints. The lines of one process are in order. */
  readonly onLog: (line: LogLine) => void;
  /** Is told of each node of another engine that has not joined when the start resolves, and why. */
  readonly onMissing?: (text: string) => void;
  readonly entries: ClusterEntries;
}

export interface LocalCluster {
  readonly dir: string;
  readonly token: string;
  /** `http://127.0.0.1:8000`; `''` if no HTTP is answered. */
  readonly url: string;
  readonly port: number;
  /** Resolves when the proxy answers HTTP. Rejects if the proxy cannot be started: NBS_PROCESS_EXITED, NBS_AGENT_FAILED. */
  readonly serving: Promise<void>;
  /** The connection to the node agent. */
  readonly agent: Channel;
  /** Drains and ends every process, then removes the folder. Resolves when that is done. A second call returns the same promise. */
  stop(options?: {
    /** How long the drain may take before SIGKILL, in ms. @default 4000 */ readonly graceMs?: number;
  }): Promise<void>;
  /** True if the cluster keeps running when this process ends. */
  readonly detached: boolean;
  /** The id of this connection: what processes print for it is read under this name. */
  readonly driver: string;
  /** From now on, the output of these groups comes to this driver, and no longer to the one that claimed them before. */
  claimLogs(groups: readonly string[]): Promise<void>;
  /** Resolves when the agent has ended: because it was asked to (`STOPPED`), or otherwise. */
  readonly exited: Promise<ExitReport>;
}

const DEFAULT_GRACE_MS = 4000;
const AGENT_GRACE_MS = 3000;
const GONE_POLL_MS = 5;
const ONE_NODE: readonly DeclaredNode[] = [{}];

/**
 * Starts a cluster on this machine: a node agent with controller and proxy. Resolves when both are ready.
 * Unless it is detached, it ends when this process ends, for whatever reason.
 * @throws NBS_PORT_IN_USE, NBS_CANNOT_LISTEN, NBS_PROCESS_EXITED (controller or proxy), NBS_AGENT_FAILED, NBS_PATH_TOO_LONG, NBS_UNSAFE_FOLDER
 */
export async function startLocalCluster(options: LocalClusterOptions): Promise<LocalCluster> {
  const { name, ownerKey, detached = false, http, entries, early = false, onLog } = options;
  const { nodes = ONE_NODE, controllerArgs = {}, machines } = options;
  if (ownerKey !== undefined) await predecessorsEnded(ownerKey);
  const { dir, token } = createClusterFolder({ name, ownerKey: ownerKey ?? null, detached });
  removeStaleFolders().catch(() => {});
  const more = { entries, controllerArgs, ...(machines && { machines }) };
  const agent = new AgentProcess(dir, { dir, nodes, detached, http: withPlanStored(dir, http), ...more });
  try {
    const connecting = agent.open.then(() => connect({ path: agentSocket(dir) }, { token, hello: helloOf('driver', shortId()) }));
    connecting.catch(() => {}); // If the agent fails, its own error says more.
    const { host, port } = await agent.up;
    const channel = await connecting;
    if (!early) await agent.serving;
    if (machines?.ray !== undefined) for (const text of await gathered(channel)) options.onMissing?.(text);
    const kill = (): void => agent.kill();
    const { serving, exited } = agent;
    const url = urlOf(host, port, http.https !== undefined);
    const gone = async (): Promise<void> => void (await exited);
    return openCluster({ dir, token, url, port, channel, onLog, serving, exited, gone, kill, detached, logs: 'rest' });
  } catch (error) {
    // The agent's end closes the connection, if there is one.
    agent.end();
    await agent.exited;
    throw error;
  }
}

/** Resolves when the nodes of another engine have joined, so that the first replicas are spread over them. */
const gathered = (agent: Channel): Promise<readonly string[]> => opCaller<AgentOps>(agent)('gathered', undefined);

/** Writes the plan of gRPC to its file. It may be too long for the agent's command line. */
function withPlanStored(dir: string, http: HttpOptions): HttpOptions {
  if (http.grpc === undefined) return http;
  writeFileSync(grpcFile(dir), http.grpc.plan, { mode: 0o600 });
  return { ...http, grpc: { ...http.grpc, plan: '' } };
}

export interface DetachedOptions {
  readonly entries: ClusterEntries;
  /** The cluster's name for people. @default the process's script */
  readonly name?: string;
  /** Start one even if a detached cluster of this user runs already. @default false */
  readonly another?: boolean;
  readonly nodes?: readonly DeclaredNode[] | undefined;
  readonly machines?: MachineOptions | undefined;
  readonly controllerArgs?: ControllerArgs;
  /** See {@link LocalClusterOptions.onMissing}. */
  readonly onMissing?: (text: string) => void;
}

/**
 * Starts a cluster without an owner, and disconnects from it. It runs until it is stopped.
 * @throws NBS_DETACHED_RUNNING, and what {@link startLocalCluster} throws
 */
export function startDetachedCluster(
  http: LocalClusterOptions['http'],
  { name, another = false, nodes = ONE_NODE, machines, controllerArgs = {}, entries, onMissing }: DetachedOptions,
): Promise<ClusterInfo> {
  return oneAtATime(async () => {
    const [running] = await detachedClusters();
    if (running !== undefined && !another) throw DetachedRunning({ url: running.url, dir: running.dir });
    const { dir, token } = createClusterFolder({ name, ownerKey: null, detached: true });
    const more = { entries, controllerArgs, ...(machines && { machines }) };
    const agent = new AgentProcess(dir, { dir, nodes, detached: true, http: withPlanStored(dir, http), ...more });
    try {
      await agent.serving;
      const connected = await connect({ path: agentSocket(dir) }, { token, hello: helloOf('driver', shortId()) });
      if (machines?.ray !== undefined) for (const text of await gathered(connected)) onMissing?.(text);
      connected.close();
    } catch (error) {
      agent.end();
      await agent.exited;
      throw error;
    }
    agent.letGo();
    return clusterIn(dir) as ClusterInfo;
  });
}

export interface JoinOptions {
  readonly onLog: (line: LogLine) => void;
  /** `'own'`: the new lines of the groups that this driver claims. `'all'`: every line, the past ones first. @default 'all' */
  readonly logs?: 'own' | 'all';
  /** The connection does not keep this process alive. @default false */
  readonly unref?: boolean;
}

/**
 * Joins a cluster that runs on this machine.
 * @throws NBS_CLUSTER_GONE, NBS_CONNECT_FAILED, NBS_VERSION_SKEW
 */
export async function joinLocalCluster(dir: string, { onLog, logs = 'all', unref = false }: JoinOptions): Promise<LocalCluster> {
  const info = clusterIn(dir);
  if (info === undefined) throw ClusterGone({ path: dir });
  const agent = markProcess(info.pid);
  const token = readFileSync(tokenFile(dir), 'utf8');
  const channel = await connect({ path: agentSocket(dir) }, { token, hello: helloOf('driver', shortId()) });
  if (unref) channel.unref();
  const exited = channel.closed.then((): ExitReport => ({ code: null, signal: null, name: 'ENDED', stderrTail: [] }));
  const kill = (): void => {
    // By now, another process may have its pid.
    if (isAlive(agent)) process.kill(info.pid, 'SIGKILL');
  };
  const serving = Promise.resolve();
  const { url, port, detached } = info;
  // The agent's connections end before it has removed the folder.
  const gone = async (): Promise<void> => {
    while (isAlive(agent)) await delay(GONE_POLL_MS);
  };
  return openCluster({ dir, token, url, port, channel, onLog, serving, exited, gone, kill, detached, logs });
}

interface OpenCluster {
  readonly dir: string;
  readonly token: string;
  readonly url: string;
  readonly port: number;
  readonly channel: Channel;
  readonly serving: Promise<void>;
  readonly exited: Promise<ExitReport>;
  /** Resolves when the agent's process has ended. */
  readonly gone: () => Promise<void>;
  readonly onLog: (line: LogLine) => void;
  readonly detached: boolean;
  /** Which lines: those of the groups that this driver claimed, those and the lines that no driver claimed, or all. */
  readonly logs: 'own' | 'rest' | 'all';
  /** Sends SIGKILL to the agent. */
  readonly kill: () => void;
}

function openCluster(open: OpenCluster): LocalCluster {
  const { dir, token, url, port, channel, serving, exited, gone, detached, kill } = open;
  const driver = shortId();
  const call = opCaller<AgentOps>(channel);
  // The last line comes when every process has ended. The agent waits until drivers have read it.
  const logsEnded = followLogs(open, driver).then(() => channel.close());
  const shutDown = async (graceMs: number): Promise<void> => {
    // The agent may be suspended or hang, so the wait has a limit.
    channel.ref();
    const timer = setTimeout(kill, timerMs(graceMs + AGENT_GRACE_MS));
    // If the connection breaks meanwhile, the agent has ended too.
    await call('shutdown', { graceMs }).catch(() => {});
    await logsEnded;
    await exited;
    await gone();
    clearTimeout(timer);
  };
  let stopping: Promise<void> | undefined;
  return {
    dir,
    token,
    url,
    port,
    serving,
    agent: channel,
    driver,
    detached,
    claimLogs: async (groups) => void (await call('claimLogs', { groups, driver })),
    exited,
    stop: ({ graceMs = DEFAULT_GRACE_MS } = {}) => (stopping ??= shutDown(graceMs)),
  };
}

async function followLogs({ channel, dir, onLog, logs }: OpenCluster, driver: string): Promise<void> {
  const call = opCaller<AgentOps>(channel);
  const whose = logs === 'all' ? {} : { driver, unclaimed: logs === 'rest' };
  for await (const { entries, missed } of follow((after) => call('logs', { after, ...whose }), logs === 'own' ? null : 0)) {
    if (missed > 0) {
      const text = `${missed} lines were printed faster than this process reads them and are not shown; their files are in ${logsFolder(dir)}`;
      onLog({ processId: 'agent', role: 'agent', label: 'nbserve', stream: 'stderr', text });
    }
    for (const line of entries) onLog(line);
  }
}
