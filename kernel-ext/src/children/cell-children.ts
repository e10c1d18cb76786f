import { ChildProcess } from 'node:child_process';
import { descendants, type ProcessEntry, processTable } from './process-table.js';

/** How exactly start times are known: the system counts them in hundredths of a second, and so does its uptime. */
const START_TOLERANCE_MS = 30;

/**
 * The processes that the cell that runs has started, with all that these started. Lives in any thread of the cell's process, so that it
 * works while the main thread waits for such a child.
 *
 * Two kinds of child are not the cell's. One that left the process group (`detached: true`, `setsid`, the processes of a cluster) is meant to be on its
 * own. One that another cell has started is meant to live on: `spawned` says which these are, and of a child that nobody told of (one of
 * `execSync`, one of a native library) its age decides.
 */
export class CellChildren {
  readonly #table: () => readonly ProcessEntry[];
  readonly #known = new Map<number, 'running' | 'another'>();
  #begunAt = Number.POSITIVE_INFINITY;

  constructor(table: () => readonly ProcessEntry[] = processTable) {
    this.#table = table;
  }

  /** A cell begins: what runs by now is not its own. @param at milliseconds since the epoch */
  begin(at = Date.now()): void {
    this.#begunAt = at;
    for (const pid of this.#known.keys()) {
      if (exists(pid)) this.#known.set(pid, 'another');
      else this.#known.delete(pid);
    }
  }

  /** A child was started. @param byRunning by the cell that runs, not by what an earlier one left behind */
  spawned(pid: number, byRunning: boolean): void {
    this.#known.set(pid, byRunning ? 'running' : 'another');
  }

  /** Their pids, parents first. */
  list(): number[] {
    const table = this.#table();
    const self = process.pid;
    const group = table.find(({ pid }) => pid === self)?.group;
    const cellAgeMs = Date.now() - this.#begunAt + START_TOLERANCE_MS;
    const isOwn = ({ pid, ageMs, isService = false }: ProcessEntry): boolean => {
      if (isService) return false;
      const starter = this.#known.get(pid);
      return starter === undefined ? ageMs <= cellAgeMs : starter === 'running';
    };
    const enters = (entry: ProcessEntry, parent: number): boolean => entry.group === group && (parent !== self || isOwn(entry));
    return descendants(table, self, enters).map(({ pid }) => pid);
  }

  /** Sends a signal to each of them. @returns those that it reached */
  signal(name: NodeJS.Signals): number[] {
    return this.list().filter((pid) => send(pid, name));
  }
}

const exists = (pid: number): boolean => send(pid, 0);

function send(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** The undocumented method that `spawn`, `exec`, `execFile` and `fork` share. The synchronous forms do not come through here. */
interface Spawning {
  spawn(options: unknown): unknown;
}

/** Tells of every child process that this thread starts from now on, in the context of the code that starts it. */
export function watchSpawns(onSpawn: (pid: number) => void): void {
  const prototype = ChildProcess.prototype as unknown as Spawning;
  const own = prototype.spawn;
  prototype.spawn = function (this: ChildProcess, options: unknown): unknown {
    const result = Reflect.apply(own, this, [options]);
    if (this.pid !== undefined) onSpawn(this.pid);
    return result;
  };
}
