import type { CertificateFiles } from '../ipc/index.js';
import type { ExitReport } from './exit-report.js';

/** A process that a node agent is asked to run. */
export interface ProcessSpec {
  /** Unique in the cluster. If the same id is started twice, one process is started. */
  readonly id: string;
  readonly role: ProcessRole;
  /** Its name in logs, such as `Chat#k3f9`. */
  readonly label: string;
  /** The group that its output belongs to, such as `app/Chat`. Drivers claim output by that name. */
  readonly logGroup?: string;
  /** Absolute path of the module to run; it calls `enterChild()`. */
  readonly main: string;
  /** JSON that `enterChild().args` returns. No secrets: command lines are public. */
  readonly args: unknown;
  /** Environment variables on top of what it inherits. */
  readonly env?: Readonly<Record<string, string>>;
  /** The names of the agent's environment variables that it inherits, besides those that every process needs. Default: all. */
  readonly inherit?: readonly string[];
  /** Working folder. Default: the driver's. */
  readonly cwd?: string;
  /** Flags of Node. */
  readonly nodeFlags?: readonly string[];
  /** Id of the node to run it on. Default: the head. */
  readonly node?: string;
  /** Start it again, after a pause that grows, whenever it ends without being asked to. For controller and proxy. */
  readonly restart?: boolean;
  /** Give it the node's listening sockets, as `ChildContext.listenFds`. */
  readonly listens?: boolean;
  /** How long the process may take to report ready. @default 60000 */
  readonly startTimeoutMs?: number;
  /** The number of the last call that started it. The head's agent sets it for other nodes, so that it can tell the ends of two runs of one id apart. */
  readonly call?: number;
}

/** `dashboard` answers the REST API. `deploy` imports the modules of a configuration, and ends. */
export type ProcessRole = 'controller' | 'proxy' | 'replica' | 'agent' | 'dashboard' | 'deploy';

export const ProcessState = {
  /** It was spawned and is not ready yet. */
  STARTING: 'STARTING',
  /** It reported ready. */
  RUNNING: 'RUNNING',
  /** It ended and its output was read to the end. */
  STOPPED: 'STOPPED',
} as const;
export type ProcessState = (typeof ProcessState)[keyof typeof ProcessState];

/** A call, or a debugger, blocks the main thread of a process that runs. */
export interface Blocked {
  /** Milliseconds since the epoch. */
  readonly since: number;
  /** True if the deadlines of all calls that it works on have passed. */
  readonly isOver: boolean;
  /** True if a debugger has stopped it at a breakpoint. */
  readonly isDebugged?: true;
}

export interface ProcessInfo {
  readonly id: string;
  readonly role: ProcessRole;
  readonly label: string;
  readonly pid: number;
  readonly state: ProcessState;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** Id of the node that it runs on. */
  readonly node: string;
  /** How often the agent has started it again. */
  readonly restarts: number;
  /** Present if its watcher reported in the last seconds that the main thread is blocked. */
  readonly blocked?: Blocked;
  /** What it last said of itself, which whoever takes it over can read while its main thread is blocked. */
  readonly self?: unknown;
  /** Its place for processes of other machines, see `Engine.start`. */
  readonly place?: string;
  /** Why it ended, if it has ended. */
  readonly exit?: ExitReport;
  /** True if it has ended and is going to be started again. */
  readonly isRestarted?: boolean;
  /** See {@link ProcessSpec.call}. */
  readonly call?: number;
}

/** The resources that a node has for replicas. */
export interface NodeResources {
  readonly cpu: number;
  /** Names of its GPUs, as `CUDA_VISIBLE_DEVICES` takes them. */
  readonly gpus: readonly string[];
  /** Bytes. */
  readonly memory: number;
  readonly custom: Readonly<Record<string, number>>;
}

/** Resources that the user declared for a node, instead of those that were found. */
export interface DeclaredResources {
  readonly cpu?: number;
  readonly gpu?: number;
  readonly memory?: number;
  readonly custom?: Readonly<Record<string, number>>;
}

/** One node of a cluster that is to be started. */
export interface DeclaredNode {
  /** Its id. @default 'local' if it is the only one, else `node-1`, `node-2` … */
  readonly name?: string;
  readonly resources?: DeclaredResources;
}

export interface NodeInfo {
  readonly id: string;
  readonly ip: string;
  readonly alive: boolean;
  /** The address at which its proxy answers HTTP, if it has one. */
  readonly url?: string;
  /** `host:port` at which its proxy answers gRPC, if it does. */
  readonly grpc?: string;
  /** True if it is of another machine. */
  readonly isJoined?: true;
  readonly resources: NodeResources;
}

/** A node came up or went down, or the list of nodes has changed. */
export interface NodeChange {
  /** `''` if the list has changed: a node of another engine is expected, or one that was lost long ago is forgotten. */
  readonly id: string;
  readonly alive: boolean;
}

/** Bytes in the cluster's store, by their SHA-256 (hex). */
export interface BlobRef {
  readonly hash: string;
  readonly bytes: number;
}

export interface StopOptions {
  /** How long it may drain after SIGTERM before SIGKILL. @default 5000 */
  readonly graceMs?: number;
}

/** Which nodes answer HTTP. */
export type ProxyLocation = 'EveryNode' | 'HeadOnly' | 'Disabled';

/** The address at which a cluster answers HTTP, and who may call. */
export interface HttpOptions {
  /** @default 'EveryNode' */
  readonly proxyLocation?: ProxyLocation;
  readonly host: string;
  /** `'auto'`: 8000, else the next free port. */
  readonly port: number | 'auto';
  /** The host names that requests may name besides loopback ones and `host`; `'*'` means all. */
  readonly allowedHosts?: readonly string[];
  /** The origins of web pages that may call besides loopback ones, e.g. `https://example.org`; `'*'` means all. */
  readonly allowedOrigins?: readonly string[];
  /** Absolute paths of a certificate and its private key. If they are present, HTTP is answered over TLS only. */
  readonly https?: { readonly cert: string; readonly key: string };
  /** If it is present, the proxies answer gRPC too. */
  readonly grpc?: GrpcAddress;
}

/** The cluster takes nodes of other machines, over TCP with TLS. */
export interface MachineOptions {
  /** The address of this machine at which other machines reach it. The agent, the controller and the replicas of this machine listen there. */
  readonly host: string;
  /** The port of the agent. 0 lets the system choose. */
  readonly port: number;
  /** The user's certificates. @default the cluster makes its own */
  readonly tls?: CertificateFiles;
  /** How often the certificates that the cluster makes are replaced. @default a day */
  readonly renewEveryMs?: number;
  /** If it is present, the nodes of this Ray cluster become nodes of ours. */
  readonly ray?: RayOptions;
}

export interface RayOptions {
  /** The address of Ray's dashboard: `http://head:8265`. */
  readonly address: string;
  /** The folder of the package `nbserve` on Ray's nodes. @default the one of this machine */
  readonly nbserve?: string;
}

/** The address at which nodes of other machines join, and how they know the cluster. */
export interface JoinAddress {
  /** `host:port` */
  readonly address: string;
  /** SHA-256 of the certificate of the cluster's authority, in hex. It is not secret. */
  readonly pin: string;
}

/** A node of another machine that may join. */
export interface AdmittedNode {
  /** SHA-256 of the certificate that it made for itself, in hex. */
  readonly fingerprint: string;
  readonly node: string;
  readonly resources?: DeclaredResources;
}

/** The address at which a cluster answers gRPC. */
export interface GrpcAddress {
  readonly host: string;
  /** `'auto'`: 9000, else the next free port. */
  readonly port: number | 'auto';
  /** The content of `grpcFile`, which the proxies and replicas read. */
  readonly plan: string;
}

/** Runs the processes of a cluster. */
export interface Engine {
  nodes(): Promise<readonly NodeInfo[]>;
  /** Stores bytes with their hash as the name, atomically. The same bytes are stored once. */
  putCode(bytes: Uint8Array): Promise<BlobRef>;
  /**
   * Starts a process; resolves when it reported ready. Idempotent by id.
   * @returns its place, for `connectPlace`, if the cluster is on several machines. Otherwise a process is known by the path of its Unix socket.
   * @throws NBS_PROCESS_EXITED (it ended before it was ready), NBS_PROCESS_START_TIMEOUT, NBS_CLUSTER_STOPPING, NBS_NODE_LOST
   */
  start(spec: ProcessSpec): Promise<string | undefined>;
  /** Says what each process that waits for room would take, so that an engine that can add nodes does. It replaces what was said before. */
  want(bundles: readonly DeclaredResources[]): Promise<void>;
  /** Copies blobs to the machine of a node, those that are not there. @throws NBS_NODE_LOST */
  bring(node: string, hashes: readonly string[]): Promise<void>;
  /**
   * Gives a process that runs or starts another id, which is also its new label. Its log file is renamed too, with the lines in it. A second call with the
   * same ids does nothing.
   * @param logGroup the group that its output belongs to from then on
   * @throws NBS_CANNOT_RENAME if no such process runs, or if another one has the new id
   */
  rename(id: string, to: string, logGroup?: string): Promise<void>;
  /** Sends SIGTERM and, after the grace, SIGKILL to the process and all that it started. Resolves when it has ended, or at once if the id is unknown. */
  stop(id: string, options?: StopOptions): Promise<void>;
  /** Every process, and those that ended lately. A restarted controller re-adopts them. */
  list(): Promise<readonly ProcessInfo[]>;
  /** The lines that the process prints from now on. Ends when the process has ended and is not restarted, or when the engine is closed. */
  logs(id: string): AsyncIterable<string>;
  /** Calls the listener when a process ends, from now on and in order. Returns a function that removes the listener. */
  onExit(listener: (info: ProcessInfo) => void): () => void;
  /**
   * Calls the listener when a node comes up or goes down, from now on. Returns a function that removes the listener. The processes of a node that went
   * down end as NODE_LOST, or as NODE_LEFT if it left the cluster in order.
   */
  onNodeChange(listener: (change: NodeChange) => void): () => void;
  /** Closes the connection. The processes keep running. */
  close(): void;
  /** Resolves when the connection to the agent has ended. Never rejects. */
  readonly closed: Promise<void>;
}

/** A line that a process printed. */
export interface LogLine {
  readonly processId: string;
  readonly role: ProcessRole;
  readonly label: string;
  readonly logGroup?: string;
  readonly stream: 'stdout' | 'stderr';
  readonly text: string;
  /** Who made the call during which it was printed, `<driver>:<part>`; absent outside of calls that name their caller. */
  readonly caller?: string;
}

/** The paths of the modules that the agent runs besides the replicas. */
export interface ClusterEntries {
  readonly controller: string;
  readonly proxy: string;
}
