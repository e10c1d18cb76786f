import { ChildProcess } from 'node:child_process';
import { descendants, type ProcessEntry, processTable } from './process-table.js';

/** The error of start times: the system counts them, and its uptime, in hundredths of a second. */
const START_TOLERANCE_MS = 30;

/**
 * The processes that the running cell has started, with all that these have started. It works in any thread of the cell's process, also while the main
 * thread waits for such a child.
 *
 * Two kinds of children are not the cell's. A child that left the process group (`detached: true`, `setsid`, the processes of a cluster) is meant to be
 * independent. A child of another cell is meant to keep running. `spawned` says which cell started a child. If it was not called for a child (of `execSync`
 * or of a native library), the child's age decides.
 */
export class CellChildren {
  readonly #table: () => readonly ProcessEntry[];
  /** The running cell that started each child; '' if it was not a running cell, or has ended. */
  readonly #known = new Map<number, string>();
  #begunAt = Number.POSITIVE_INFINITY;

  constructor(table: () => readonly ProcessEntry[] = processTable) {
    this.#table = table;
  }

  /** Call this when a cell begins. The processes that run then are not the cell's. @param at milliseconds since the epoch */
  begin(at = Date.now()): void {
    this.#begunAt = at;
    for (const pid of this.#known.keys()) this.#keep(pid);
  }

  /** Call this when a child was started. @param cell names the running cell that started it; '' if code that an earlier cell left did */
  spawned(pid: number, cell: string): void {
    this.#known.set(pid, cell);
  }

  /** Call this when a cell ends while another one runs. Its children are meant to keep running. */
  ended(cell: string): void {
    for (const [pid, starter] of this.#known) if (starter === cell || !exists(pid)) this.#keep(pid);
  }

  /** The pids of the cell's processes, parents first. */
  list(): number[] {
    const table = this.#table();
    const self = process.pid;
    const group = table.find(({ pid }) => pid === self)?.group;
    const cellAgeMs = Date.now() - this.#begunAt + START_TOLERANCE_MS;
    const isOwn = ({ pid, ageMs, isService = false }: ProcessEntry): boolean => {
      if (isService) return false;
      const starter = this.#known.get(pid);
      return starter === undefined ? ageMs <= cellAgeMs : starter !== '';
    };
    const enters = (entry: ProcessEntry, parent: number): boolean => entry.group === group && (parent !== self || isOwn(entry));
    return descendants(table, self, enters).map(({ pid }) => pid);
  }

  /** Sends a signal to each of them. @returns the pids that it was sent to */
  signal(name: NodeJS.Signals): number[] {
    return this.list().filter((pid) => send(pid, name));
  }

  /** A child that still runs is not the cell's any more. */
  #keep(pid: number): void {
    if (exists(pid)) this.#known.set(pid, '');
    else this.#known.delete(pid);
  }
}

const exists = (pid: number): boolean => send(pid, 0);

/** Sends a signal to a process. @returns whether there is such a process */
export function send(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** The undocumented method that `spawn`, `exec`, `execFile` and `fork` call. The synchronous forms do not. */
interface Spawning {
  spawn(options: unknown): unknown;
}

/** Calls `onSpawn` for every child process that this thread starts from now on, in the asynchronous context of the code that starts it. */
export function watchSpawns(onSpawn: (pid: number) => void): void {
  const prototype = ChildProcess.prototype as unknown as Spawning;
  const own = prototype.spawn;
  prototype.spawn = function (this: ChildProcess, options: unknown): unknown {
    const result = Reflect.apply(own, this, [options]);
    if (this.pid !== undefined) onSpawn(this.pid);
    return result;
  };
}
