import type { LogLine, NodeChange, NodeInfo, ProcessInfo, ProcessSpec } from './engine.js';

/** Entries that a reader has not seen yet. */
export interface JournalBatch<T> {
  readonly entries: readonly T[];
  /** Give this back as `after`. */
  readonly last: number;
  /** Entries that were dropped before the reader came to them. */
  readonly missed: number;
  /** Nothing will come any more. */
  readonly ended: boolean;
}

/** What to read of a journal: the answer waits until there is something. */
export interface ReadJournal {
  /** Number of the last entry read; `0` is the oldest one kept, `null` what comes from now on. */
  readonly after: number | null;
}

/** Whose lines to read; of all processes where neither is named. */
export interface ReadLogs extends ReadJournal {
  readonly processId?: string;
  /** Lines of groups that this driver claimed last, and what was printed during its calls. */
  readonly driver?: string;
  /** With `driver`: those that no driver has claimed as well. */
  readonly unclaimed?: boolean;
  /** Answer at once, also with nothing. */
  readonly atOnce?: boolean;
}

/** Control operations that a node agent answers. */
export interface AgentOps {
  nodes: { args: undefined; result: readonly NodeInfo[] };
  start: { args: ProcessSpec; result: undefined };
  rename: { args: { readonly id: string; readonly to: string; readonly logGroup?: string }; result: undefined };
  stop: { args: { readonly id: string; readonly graceMs?: number }; result: undefined };
  list: { args: undefined; result: readonly ProcessInfo[] };
  logs: { args: ReadLogs; result: JournalBatch<LogLine> };
  /** From now on the output of these groups is this driver's: it ran them last. */
  claimLogs: { args: { readonly groups: readonly string[]; readonly driver: string }; result: undefined };
  exits: { args: ReadJournal; result: JournalBatch<ProcessInfo> };
  nodeChanges: { args: ReadJournal; result: JournalBatch<NodeChange> };
  /** Ends every process; answers when all are gone. The agent then removes its folder and exits. */
  shutdown: { args: { readonly graceMs: number }; result: undefined };
}

/** What the head's agent asks the agent of another node. */
export interface WorkerOps extends Pick<AgentOps, 'start' | 'rename' | 'stop' | 'list' | 'logs' | 'exits'> {
  ping: { args: undefined; result: undefined };
  /** Resolves when its proxy is ready, where it has one. */
  serving: { args: undefined; result: undefined };
  /** The stages of an end, see `Agent`. */
  stopFront: { args: { readonly graceMs: number }; result: undefined };
  stopReplicas: { args: { readonly graceMs: number }; result: undefined };
  end: { args: undefined; result: undefined };
  killAll: { args: undefined; result: undefined };
}
