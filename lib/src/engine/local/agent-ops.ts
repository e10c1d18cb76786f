import type { LogLine, NodeInfo, ProcessInfo, ProcessSpec } from '../engine.js';
import type { Batch } from './journal.js';

/** What to read of a journal: the answer waits until there is something. */
export interface ReadJournal {
  /** Number of the last entry read; `0` is the oldest one kept, `null` what comes from now on. */
  readonly after: number | null;
}

/** Control operations that a node agent answers. */
export interface AgentOps {
  nodes: { args: undefined; result: readonly NodeInfo[] };
  start: { args: ProcessSpec; result: undefined };
  stop: { args: { readonly id: string; readonly graceMs?: number }; result: undefined };
  list: { args: undefined; result: readonly ProcessInfo[] };
  logs: { args: ReadJournal & { readonly processId?: string }; result: Batch<LogLine> };
  exits: { args: ReadJournal; result: Batch<ProcessInfo> };
  /** Ends every process; answers when all are gone. The agent then removes its folder and exits. */
  shutdown: { args: { readonly graceMs: number }; result: undefined };
}
