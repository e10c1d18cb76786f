import type { ExitReport } from './exit-report.js';

/** What a node agent is asked to run. */
export interface ProcessSpec {
  /** Unique in the cluster; starting the same id twice starts one process. */
  readonly id: string;
  readonly role: ProcessRole;
  /** Name in logs, such as `Chat#k3f9`. */
  readonly label: string;
  /** Whose output it prints, such as `app/Chat`: drivers claim it by that name. */
  readonly logGroup?: string;
  /** Absolute path of the module to run; it calls `enterChild()`. */
  readonly main: string;
  /** JSON that `enterChild().args` returns. No secrets: command lines are public. */
  readonly args: unknown;
  /** Environment variables on top of what it inherits. */
  readonly env?: Readonly<Record<string, string>>;
  /** Names of the variables of the agent's environment that it inherits, besides those that every process needs. Default: all. */
  readonly inherit?: readonly string[];
  /** Working folder. Default: the driver's. */
  readonly cwd?: string;
  /** Id of the node to run it on. Default: the head. */
  readonly node?: string;
  /** Start it again, with a growing pause, whenever it ends unasked. For controller and proxy. */
  readonly restart?: boolean;
  /** Hand down the cluster's HTTP listening socket, as `ChildContext.listenFd`. */
  readonly listenFd?: boolean;
  /** How long the process may take to report ready. @default 60000 */
  readonly startTimeoutMs?: number;
}

export type ProcessRole = 'controller' | 'proxy' | 'replica' | 'agent';

export const ProcessState = {
  /** Spawned, not ready yet. */
  STARTING: 'STARTING',
  /** It reported ready. */
  RUNNING: 'RUNNING',
  /** It ended and its output was read to the end. */
  STOPPED: 'STOPPED',
} as const;
export type ProcessState = (typeof ProcessState)[keyof typeof ProcessState];

/** A call blocks the main thread of a process, which is alive. */
export interface Blocked {
  /** Milliseconds since the epoch. */
  readonly since: number;
  /** The deadlines of all calls that it works on are over. */
  readonly isOver: boolean;
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
  /** A moment ago its watcher said so. */
  readonly blocked?: Blocked;
  /** Why it ended, where it did. */
  readonly exit?: ExitReport;
}

/** What a node has for replicas. */
export interface NodeResources {
  readonly cpu: number;
  /** Names of its GPUs, as `CUDA_VISIBLE_DEVICES` takes them. */
  readonly gpus: readonly string[];
  /** Bytes. */
  readonly memory: number;
  readonly custom: Readonly<Record<string, number>>;
}

/** What the user says that a node has, in place of what was found. */
export interface DeclaredResources {
  readonly cpu?: number;
  readonly gpu?: number;
  readonly memory?: number;
  readonly custom?: Readonly<Record<string, number>>;
}

/** One node of a cluster that is to be started. */
export interface DeclaredNode {
  /** Its id. @default 'local' where it is the only one, else `node-1`, `node-2` … */
  readonly name?: string;
  readonly resources?: DeclaredResources;
}

export interface NodeInfo {
  readonly id: string;
  readonly ip: string;
  readonly alive: boolean;
  /** Where its proxy answers HTTP, where it has one. */
  readonly url?: string;
  readonly resources: NodeResources;
}

/** A node came up or went down. */
export interface NodeChange {
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

/** Where a cluster answers HTTP, and to whom. */
export interface HttpOptions {
  /** @default 'EveryNode' */
  readonly proxyLocation?: ProxyLocation;
  readonly host: string;
  /** `'auto'`: 8000, else the next free port. */
  readonly port: number | 'auto';
  /** Host names that are served besides loopback ones and `host`; `'*'` is all. */
  readonly allowedHosts?: readonly string[];
  /** Origins of web pages that may call besides loopback ones, e.g. `https://example.org`; `'*'` is all. */
  readonly allowedOrigins?: readonly string[];
}

/** Where a cluster's processes run. */
export interface Engine {
  nodes(): Promise<readonly NodeInfo[]>;
  /** Stores bytes under their hash, atomically; twice is once. */
  putCode(bytes: Uint8Array): Promise<BlobRef>;
  /**
   * Starts a process; resolves when it reported ready. Idempotent by id.
   * @throws NBS_PROCESS_EXITED (it ended before), NBS_PROCESS_START_TIMEOUT, NBS_CLUSTER_STOPPING, NBS_NODE_LOST
   */
  start(spec: ProcessSpec): Promise<void>;
  /**
   * Gives a process that runs, or still starts, another id, which is its label from then on; what it prints after this goes to the new label's
   * log, and what it has printed stays in it. Twice is once.
   * @param logGroup whose output it prints from then on
   * @throws NBS_CANNOT_RENAME where no such process runs, or another one has the new id
   */
  rename(id: string, to: string, logGroup?: string): Promise<void>;
  /** SIGTERM, grace, SIGKILL of the process and all that it started. Resolves when it is gone; an unknown id is gone already. */
  stop(id: string, options?: StopOptions): Promise<void>;
  /** Every process, with those that ended lately: what a restarted controller re-adopts. */
  list(): Promise<readonly ProcessInfo[]>;
  /** What the process prints from now on; ends when it is stopped for good or the engine is closed. */
  logs(id: string): AsyncIterable<string>;
  /** Calls back at every end of a process after this call, in order; returns what stops that. */
  onExit(listener: (info: ProcessInfo) => void): () => void;
  /** Calls back whenever a node comes up or goes down after this call; returns what stops that. What ran on one that went down ends as NODE_LOST. */
  onNodeChange(listener: (change: NodeChange) => void): () => void;
  /** Gives the connection back. Processes go on. */
  close(): void;
  /** Resolves when the connection to the agent is gone; never rejects. */
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

/** Paths of the modules that the agent runs in front of the replicas. */
export interface ClusterEntries {
  readonly controller: string;
  readonly proxy: string;
}
