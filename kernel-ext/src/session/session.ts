import type { DebugView } from '../debugger/index.js';
import type { ReplicaDebugging } from './debugged-replicas.js';

/** A set of representations of one value, as Jupyter's `display_data` has them. */
export interface DisplayBundle {
  data: Record<string, unknown>;
  metadata: Record<string, unknown>;
}

/** Captures what a cell prints, together with what comes through the descriptors 1 and 2. */
export interface OutputCapture {
  print(name: 'stdout' | 'stderr', text: string): void;
  /** Forgets what was captured until now. */
  clear(): void;
  /** Resolves when everything has come. */
  end(): Promise<void>;
  /** True when it was told to end, by the session or because the cell has ended: what is printed from then on is shown. */
  readonly isOver: boolean;
}

/** Gets what was captured. `begin` forgets what came before it. */
export interface CaptureTaker {
  begin(): void;
  text(name: 'stdout' | 'stderr', text: string): void;
}

/** Where one cell's output goes. The session calls it also after the cell ended (timers, promises, replicas). */
export interface Output {
  stream(name: 'stdout' | 'stderr', text: string): void;
  display(bundle: DisplayBundle, options?: { displayId?: string; update?: boolean }): void;
  clear(wait: boolean): void;
  /**
   * Is called with an error of this cell that no code waited for, and with an exit code that the cell set. Without this method, the error is printed to stderr.
   * @param what kind of error, for people
   */
  failed?(error: ErrorOutcome, what: string): void;
  /** Begins a capture; absent or undefined if nobody reads the descriptors. */
  capture?(taker: CaptureTaker): OutputCapture | undefined;
  /** Puts a text into the next cell; absent if there is no front end. */
  nextInput?(text: string): void;
  /** Names the request that the cell answers; in the kernel, it is the request's header as JSON. @default none */
  readonly request?: string;
  /** Which texts have colours, by the escape codes of terminals: tracebacks alone, or results too. @default none */
  readonly colors?: 'errors' | 'all';
  /**
   * Asks the person at the notebook; absent if there is none.
   * @param signal takes the question back
   */
  input?(prompt: string, password: boolean, signal?: AbortSignal): Promise<string>;
}

/** How a cell ended. `error` has the fields of Jupyter's `error` message. */
export type Outcome = { status: 'ok'; result?: DisplayBundle } | ErrorOutcome;

export interface ErrorOutcome {
  status: 'error';
  ename: string;
  evalue: string;
  traceback: string[];
  /** The line of the cell, from 1, if a magic failed there; other errors have it in their traceback. */
  line?: number;
}

/** Content of a `complete_reply`. `cursor_start` and `cursor_end` count UTF-16 units: convert at the wire. */
export interface CompleteReply {
  status: 'ok';
  matches: string[];
  cursor_start: number;
  cursor_end: number;
  metadata: { readonly _jupyter_types_experimental: readonly CompletionType[] };
}

/** What a match is, as JupyterLab shows it beside the match. The offsets count UTF-16 units, too. */
export interface CompletionType {
  readonly start: number;
  readonly end: number;
  readonly text: string;
  readonly type: string;
}

/** Content of an `inspect_reply`. */
export interface InspectReply {
  status: 'ok';
  found: boolean;
  data: Record<string, unknown>;
  metadata: Record<string, unknown>;
}

/** Content of an `is_complete_reply`. */
export type IsCompleteReply =
  | { status: 'complete' }
  | { status: 'invalid' }
  | { status: 'unknown' }
  | { status: 'incomplete'; indent: string };

/** The options of `execute`. */
export interface ExecuteOptions {
  /** The cell's number: its file is named `cell[<executionCount>].ts` in errors. */
  executionCount: number;
  /** No result is built; console output still flows. */
  silent: boolean;
  output: Output;
  /**
   * The result does not become `_`.
   * @default false
   */
  isAside?: boolean;
  /**
   * The subshell whose cell it is: it runs beside the cells of others, while these await.
   * @default '' the notebook itself
   */
  subshell?: string;
}

/** One notebook's TypeScript: its names, its types, its running code. */
export interface Session {
  /** Runs a cell; cells of one subshell queue. Never rejects. */
  execute(code: string, options: ExecuteOptions): Promise<Outcome>;
  /**
   * Ends the running cell with `KeyboardInterrupt` (its synchronous part was terminated by the control thread).
   * @param subshell whose cell is ended @default '' the notebook itself
   */
  interrupt(subshell?: string): void;
  /** `cursor` in UTF-16 units. */
  complete(code: string, cursor: number): CompleteReply;
  /** `cursor` in UTF-16 units. */
  inspect(code: string, cursor: number, detail: number): InspectReply;
  isComplete(code: string): IsCompleteReply;
  /** Begins what this cell, the next to run, will need: the processes that it serves from. Never rejects. */
  anticipate(code: string): Promise<void>;
  /**
   * Loads TypeScript in the background; resolves once the first cell would be quick.
   * @param cellWaits true if a cell has come already; it then resolves as soon as that cell can run
   */
  warm(cellWaits?: boolean): Promise<void>;
  /** The request of the cell whose code runs now; undefined outside of cells. */
  readonly currentRequest: string | undefined;
  /** What a debugger sees of the notebook. */
  readonly debugView: DebugView;
  /** A debugger was attached: it sees the replicas that run. */
  onDebugger(): void;
  /** Ends the session and its cluster. */
  dispose(): Promise<void>;
}

export interface SessionOptions {
  /** The notebook's folder: modules resolve from here, `!command` runs here. */
  folder: string;
  /**
   * The process is this notebook's alone: output and errors that belong to no cell go to the last one.
   * @default true
   */
  ownsProcess?: boolean;
  /**
   * The process leads a process group of its own, which is signalled as a whole: shell cells stay in it.
   * @default false
   */
  leadsGroup?: boolean;
  /**
   * Runs work that an interrupt must not end. If the loading of TypeScript is terminated, TypeScript cannot be loaded again.
   * @default runs it as it is
   */
  uninterruptible?: <T>(work: () => T) => T;
  /**
   * Runs work in a turn of the event loop of its own. Cells start in such a turn, so that an interrupt that came earlier is known by then.
   * @default setImmediate
   */
  turn?: (work: () => void) => void;
  /**
   * Is called with every child process that is started without blocking the thread.
   * @param request that of the running cell that started it; undefined if what an earlier cell left behind did
   */
  onSpawn?: (pid: number, request: string | undefined) => void;
  /** Is called with the pid of the type checker when it is asked, and with 0 when it has answered. An interrupt may end that process. */
  onCheck?: (pid: number) => void;
  /** How a debugger sees replicas. @default it does not */
  replicaDebugging?: ReplicaDebugging;
  /** Is called when a cell was compiled and runs next; the cell waits for the promise. */
  onCompiled?: (cell: string) => Promise<void> | undefined;
  /**
   * Whether somebody has asked for an interrupt of which this thread does not know yet.
   * @default never
   */
  interruptPending?: () => boolean;
}
