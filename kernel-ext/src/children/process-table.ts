import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** A process in the system's table. */
export interface ProcessEntry {
  readonly pid: number;
  readonly parent: number;
  /** Its process group. */
  readonly group: number;
  /** Milliseconds since it was started. */
  readonly ageMs: number;
  /** True if it is esbuild's service. It works for the whole kernel, but a cell may have started it. */
  readonly isService?: boolean;
}

/** Linux gives the start times of processes in hundredths of a second (`USER_HZ`). */
const TICKS_PER_SECOND = 100;

/** All processes that run, without zombies. */
export function processTable(): ProcessEntry[] {
  try {
    const uptime = Number.parseFloat(readFileSync('/proc/uptime', 'latin1'));
    return readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? (entryOf(Number(name), uptime) ?? []) : []));
  } catch {
    return fromPs();
  }
}

function entryOf(pid: number, uptime: number): ProcessEntry | undefined {
  try {
    // The second field is the command in parentheses and may hold spaces and parentheses itself.
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
    const ageMs = Math.round((uptime - Number(fields[19]) / TICKS_PER_SECOND) * 1000);
    const isService =
      text.includes('(esbuild)') && isEsbuildService(readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' '));
    return { pid, parent: Number(fields[1]), group: Number(fields[2]), ageMs, isService };
  } catch {
    // The process has ended meanwhile.
    return undefined;
  }
}

const isEsbuildService = (command: string): boolean => /\besbuild\S* --service=/.test(command);

/** Reads the table from `ps`, because macOS has no `/proc`. */
function fromPs(): ProcessEntry[] {
  const { stdout } = spawnSync('ps', ['-axo', 'pid=,ppid=,pgid=,stat=,etime=,command='], { encoding: 'utf8' });
  return (stdout ?? '').split('\n').flatMap((line) => {
    const [pid, parent, group, state, elapsed, ...command] = line.trim().split(/\s+/);
    if (elapsed === undefined || state?.startsWith('Z')) return [];
    return {
      pid: Number(pid),
      parent: Number(parent),
      group: Number(group),
      ageMs: elapsedMs(elapsed),
      isService: isEsbuildService(command.join(' ')),
    };
  });
}

/** Reads `[[days-]hours:]minutes:seconds`. */
function elapsedMs(text: string): number {
  const [seconds = 0, minutes = 0, hours = 0, days = 0] = text.split(/[-:]/).map(Number).reverse();
  return (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000;
}

/** The process trees below `root`, parents before their children. If `enters` refuses a process, it is left out with all processes below it. */
export function descendants(
  table: readonly ProcessEntry[],
  root: number,
  enters: (entry: ProcessEntry, parent: number) => boolean,
): ProcessEntry[] {
  const children = new Map<number, ProcessEntry[]>();
  for (const entry of table) {
    const siblings = children.get(entry.parent);
    if (siblings === undefined) children.set(entry.parent, [entry]);
    else siblings.push(entry);
  }
  const found: ProcessEntry[] = [];
  const parents = [root];
  for (let parent = parents.pop(); parent !== undefined; parent = parents.pop()) {
    for (const entry of children.get(parent) ?? []) {
      if (entry.pid === root || !enters(entry, parent)) continue;
      found.push(entry);
      parents.push(entry.pid);
    }
  }
  return found;
}
