import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  ageMs,
  agentFile,
  agentSocket,
  blobFolder,
  dashboardFile,
  isAlive,
  isOfThisPlace,
  LONGEST_SOCKET_NAME,
  logsFolder,
  markProcess,
  ownerFile,
  type ProcessMark,
  privateFolder,
  runtimeHome,
  shortId,
  tokenFile,
  withLock,
} from '../core/index.js';
import { PathTooLong } from './errors.js';

/** The length of `sun_path` on macOS, the shortest of the supported platforms, without its final zero. */
const SOCKET_PATH_MAX = 103;
const UNFINISHED_FOLDER_MS = 60_000;
/** How old the folder of a cluster in another container must be until its socket is asked whether the cluster runs. */
const ELSEWHERE_MS = 3_600_000;
const PREDECESSOR_WAIT_MS = 10_000;
const PREDECESSOR_POLL_MS = 10;

/** `owner.json`: who started the cluster. */
interface OwnerFile {
  /** A name for people: its notebook or command. Clusters of older versions have none. */
  readonly name?: string;
  readonly ownerKey: string | null;
  readonly detached: boolean;
  readonly driver: ProcessMark;
}

/** `agent.json`: the agent writes it when its sockets listen. */
export interface AgentFile {
  readonly agent: ProcessMark;
  readonly host: string;
  /** 0 if the cluster answers no HTTP. */
  readonly port: number;
  /** True if HTTP is answered over TLS. */
  readonly https?: boolean;
  /** `host:port` at which the head node answers gRPC. Absent if it does not. */
  readonly grpc?: string;
  /** The address of the Ray cluster whose nodes it has. Absent if it has none. */
  readonly ray?: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
}

export interface ClusterInfo {
  readonly id: string;
  readonly dir: string;
  /** Its notebook or the command that started it. */
  readonly name: string;
  /** `''` if the cluster answers no HTTP. */
  readonly url: string;
  readonly port: number;
  /** `host:port` at which it answers gRPC; `''` if it does not. */
  readonly grpc: string;
  /** The address of the Ray cluster whose nodes it has; `''` if it has none. */
  readonly ray: string;
  readonly detached: boolean;
  readonly ownerKey: string | null;
  /** The pid of its agent. */
  readonly pid: number;
  readonly startedAt: number;
}

export interface ClusterFolder {
  readonly dir: string;
  readonly token: string;
}

/** The clusters that this program started. The pid does not tell: a kernel that replaces its program keeps its pid. */
const own = new Set<string>();

/**
 * Makes the private folder of a new cluster, with its token.
 * @throws NBS_PATH_TOO_LONG, NBS_UNSAFE_FOLDER
 */
export function createClusterFolder(options: {
  name?: string | undefined;
  ownerKey: string | null;
  detached: boolean;
  /** The secret of a cluster that this folder's node joins. @default a new one */
  token?: string;
}): ClusterFolder {
  const home = clustersHome();
  const id = shortId();
  const dir = join(home, id);
  const longest = join(dir, LONGEST_SOCKET_NAME);
  if (Buffer.byteLength(longest) > SOCKET_PATH_MAX) {
    throw PathTooLong({ path: longest, bytes: Buffer.byteLength(longest), max: SOCKET_PATH_MAX });
  }
  const { ownerKey, detached, name = processName(), token = randomBytes(32).toString('hex') } = options;
  const owner: OwnerFile = { ownerKey, detached, name, driver: markProcess(process.pid) };
  // The folder is complete before it gets its name, so that a process which looks for stale folders never sees one without an owner.
  const unfinished = `${dir}.new`;
  mkdirSync(unfinished, { mode: 0o700 });
  mkdirSync(logsFolder(unfinished), { mode: 0o700 });
  mkdirSync(blobFolder(unfinished), { mode: 0o700 });
  writeFileSync(tokenFile(unfinished), token, { mode: 0o600 });
  writeFileSync(ownerFile(unfinished), JSON.stringify(owner), { mode: 0o600 });
  own.add(dir);
  renameSync(unfinished, dir);
  return { dir, token };
}

/** The name of this process for people if it was not given one: its script. */
export const processName = (): string => process.argv[1] ?? basename(process.execPath);

/** Removes the folders of clusters whose driver and agent have both ended. */
export async function removeStaleFolders(): Promise<void> {
  const home = clustersHome();
  await Promise.all(
    readdirSync(home)
      .map((name) => join(home, name))
      .map(async (dir) => {
        if (isStale(dir) || (await isLeftElsewhere(dir))) await rm(dir, { recursive: true, force: true });
      }),
  );
}

/** Waits until the clusters that another process started with the same key have ended, so that a restarted kernel can get its predecessor's port. */
export async function predecessorsEnded(ownerKey: string): Promise<void> {
  const deadline = Date.now() + PREDECESSOR_WAIT_MS;
  const isPredecessor = (dir: string): boolean => {
    const owner = readJson<OwnerFile>(ownerFile(dir));
    if (owner === undefined || owner.ownerKey !== ownerKey || owner.detached || own.has(dir)) return false;
    if (!isOfThisPlace(owner.driver)) return false;
    return !isStale(dir);
  };
  const home = clustersHome();
  let waiting = readdirSync(home)
    .map((name) => join(home, name))
    .filter(isPredecessor);
  while (waiting.length > 0 && Date.now() < deadline) {
    await delay(PREDECESSOR_POLL_MS);
    waiting = waiting.filter(isPredecessor);
  }
}

/** The clusters of this user that run on this machine, the oldest first. */
export function listLocalClusters(): readonly ClusterInfo[] {
  const home = clustersHome();
  return readdirSync(home)
    .flatMap((name) => clusterIn(join(home, name)) ?? [])
    .sort((a, b) => a.startedAt - b.startedAt);
}

/** The detached clusters of this user that run, the oldest first. */
export async function detachedClusters(): Promise<readonly ClusterInfo[]> {
  // An agent that was killed could not remove its folder.
  await removeStaleFolders().catch(() => {});
  return listLocalClusters().filter(({ detached }) => detached);
}

/** One process of this user at a time starts a detached cluster, so that the second one finds the first one's. */
export function oneAtATime<T>(start: () => Promise<T>): Promise<T> {
  return withLock(join(clustersHome(), 'start.lock'), start);
}

/** The cluster in `dir`; undefined if none runs there. */
export function clusterIn(dir: string): ClusterInfo | undefined {
  const owner = readJson<OwnerFile>(ownerFile(dir));
  const file = readJson<AgentFile>(agentFile(dir));
  if (owner === undefined || file === undefined) return undefined;
  if (!isOfThisPlace(file.agent) || !isAlive(file.agent)) return undefined;
  const { port, grpc = '', ray = '', startedAt, agent } = file;
  const { detached, ownerKey } = owner;
  // A path may contain control characters, which a terminal would execute.
  const name = (owner.name ?? 'unknown').replaceAll(/\p{Cc}/gu, '?');
  return {
    id: basename(dir),
    dir,
    name,
    url: urlOf(file.host, port, file.https),
    port,
    grpc,
    ray,
    detached,
    ownerKey,
    pid: agent.pid,
    startedAt,
  };
}

export function writeAgentFile(dir: string, file: AgentFile): void {
  const path = agentFile(dir);
  writeFileSync(`${path}.new`, JSON.stringify(file), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

export function removeFolder(dir: string): void {
  rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 });
}

/** `http://127.0.0.1:8000`: an address that a client on this machine can use; `''` for port 0, which means that no HTTP is answered. */
export function urlOf(host: string, port: number, isSecure = false): string {
  return port === 0 ? '' : `${isSecure ? 'https' : 'http'}://${addressOf(host, port)}`;
}

/** The address of the REST API of a cluster, for a client on this machine; `undefined` if it has none. */
export function dashboardUrl(dir: string): string | undefined {
  const address = readJson<{ readonly host: string; readonly port: number }>(dashboardFile(dir));
  return address && urlOf(address.host, address.port);
}

/** `127.0.0.1:9000`: the same without a scheme, as clients of gRPC take it. */
export function addressOf(host: string, port: number): string {
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`;
}

/** The folder of this user's clusters. It is made if it is missing. @throws NBS_UNSAFE_FOLDER */
export function clustersHome(): string {
  const configured = runtimeHome();
  const name = `nbs-${process.getuid?.() ?? userInfo().username}`;
  if (configured !== undefined) {
    try {
      // Absolute, because children run in other folders.
      return privateFolder(resolve(configured, name));
    } catch (error) {
      // In containers, XDG_RUNTIME_DIR often names a folder that does not exist.
      if (!['ENOENT', 'EACCES', 'EROFS', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    }
  }
  return privateFolder(join(tmpdir(), name));
}

function isStale(dir: string): boolean {
  // A lock that was left is taken by the next one who wants it. Its holder may need minutes.
  if (dir.endsWith('.lock')) return false;
  if (dir.endsWith('.new')) return ageMs(dir) > UNFINISHED_FOLDER_MS;
  const owner = readJson<OwnerFile>(ownerFile(dir));
  const agent = readJson<AgentFile>(agentFile(dir))?.agent;
  if (agent !== undefined && isAlive(agent)) return false;
  // A detached cluster does not depend on the process that started it.
  if (agent !== undefined && owner?.detached === true) return true;
  if (owner === undefined) return ageMs(dir) > UNFINISHED_FOLDER_MS;
  const isPredecessor = owner.driver.pid === process.pid && isOfThisPlace(owner.driver) && !own.has(dir);
  return isPredecessor || !isAlive(owner.driver);
}

/** True for what a cluster in another container has left. Nobody sees from here whether its processes run, but nobody listens on its socket any more. */
async function isLeftElsewhere(dir: string): Promise<boolean> {
  const mark = readJson<AgentFile>(agentFile(dir))?.agent ?? readJson<OwnerFile>(ownerFile(dir))?.driver;
  if (mark === undefined || isOfThisPlace(mark) || ageMs(dir) < ELSEWHERE_MS) return false;
  return new Promise((resolve) => {
    const socket = createConnection(agentSocket(dir));
    socket.on('error', ({ code = '' }: NodeJS.ErrnoException) => resolve(['ECONNREFUSED', 'ENOENT'].includes(code)));
    socket.on('connect', () => {
      socket.destroy();
      resolve(false);
    });
  });
}

function readJson<T>(path: string): T | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as T;
  } catch {
    return undefined;
  }
}
