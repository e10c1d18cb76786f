import type {
  AdmittedNode,
  DeclaredResources,
  JoinAddress,
  LogLine,
  NodeChange,
  NodeInfo,
  NodeResources,
  ProcessInfo,
  ProcessSpec,
} from './engine.js';

/** The next entries of a journal for one reader. */
export interface JournalBatch<T> {
  readonly entries: readonly T[];
  /** The number of the last entry: the next `after`. */
  readonly last: number;
  /** How many entries were dropped before the reader read them. */
  readonly missed: number;
  /** True if no more entries will come. */
  readonly ended: boolean;
}

/** What to read of a journal. The answer comes when there is an entry. */
export interface ReadJournal {
  /** The number of the last entry that was read. `0` starts with the oldest entry that is kept, `null` with the next one that comes. */
  readonly after: number | null;
}

/** Whose lines to read. If neither a process nor a driver is named, those of all processes. */
export interface ReadLogs extends ReadJournal {
  readonly processId?: string;
  /** Read the lines of the groups that this driver claimed last, and what was printed during its calls. */
  readonly driver?: string;
  /** With `driver`: read also the lines that no driver has claimed. */
  readonly unclaimed?: boolean;
  /** Answer at once, even if there is no entry. */
  readonly atOnce?: boolean;
}

/** The control operations that a node agent answers. */
export interface AgentOps {
  nodes: { args: undefined; result: readonly NodeInfo[] };
  start: { args: ProcessSpec; result: string | undefined };
  bring: { args: { readonly node: string; readonly hashes: readonly string[] }; result: undefined };
  rename: { args: { readonly id: string; readonly to: string; readonly logGroup?: string }; result: undefined };
  stop: { args: { readonly id: string; readonly graceMs?: number }; result: undefined };
  list: { args: undefined; result: readonly ProcessInfo[] };
  logs: { args: ReadLogs; result: JournalBatch<LogLine> };
  /** From now on, this driver gets the output of these groups, because it ran them last. */
  claimLogs: { args: { readonly groups: readonly string[]; readonly driver: string }; result: undefined };
  exits: { args: ReadJournal; result: JournalBatch<ProcessInfo> };
  nodeChanges: { args: ReadJournal; result: JournalBatch<NodeChange> };
  /** The address at which nodes of other machines join. @throws NBS_ONE_MACHINE */
  joinAddress: { args: undefined; result: JoinAddress };
  /** See `Engine.want`. */
  want: { args: { readonly bundles: readonly DeclaredResources[] }; result: undefined };
  /** Resolves when the nodes that another engine had at the start have joined, or cannot join, or after half a minute. With why a node has not. */
  gathered: { args: undefined; result: readonly string[] };
  /** From now on, who has this certificate may join as this node. @throws NBS_ONE_MACHINE, NBS_NODE_EXISTS */
  admit: { args: AdmittedNode; result: undefined };
  /** Ends every process, and answers when all have ended. Then the agent removes its folder and exits. */
  shutdown: { args: { readonly graceMs: number }; result: undefined };
}

/** The control operations that the agent of another node answers to the head's agent. */
export interface WorkerOps extends Pick<AgentOps, 'start' | 'rename' | 'stop' | 'list' | 'logs' | 'exits'> {
  ping: { args: undefined; result: undefined };
  /** Resolves when the node begins to leave the cluster: it starts nothing more, and what runs there may finish what it has begun. */
  untilLeaving: { args: undefined; result: undefined };
  /** The address of its machine, the URL of its proxy if it has one, and what it has. */
  machine: { args: undefined; result: { readonly ip: string; readonly url?: string; readonly resources: NodeResources } };
  /** A new certificate for its key, in PEM. */
  renew: { args: { readonly cert: string }; result: undefined };
  /** Tells the node that the head does not accept it. */
  refused: { args: undefined; result: undefined };
  hasBlob: { args: { readonly hash: string }; result: boolean };
  /** The head has these blobs only; the others are removed. */
  keepBlobs: { args: { readonly hashes: readonly string[] }; result: undefined };
  /** The next piece of a blob. It is checked and becomes visible when the last one has come. */
  putBlob: {
    args: { readonly hash: string; readonly at: number; readonly bytes: Uint8Array; readonly isLast: boolean };
    result: undefined;
  };
  /** Resolves when its proxy is ready, if it has one. */
  serving: { args: undefined; result: undefined };
  /** The stages of stopping, see `Agent`. */
  stopFront: { args: { readonly graceMs: number }; result: undefined };
  stopReplicas: { args: { readonly graceMs: number }; result: undefined };
  end: { args: undefined; result: undefined };
  killAll: { args: undefined; result: undefined };
}
