import { readFileSync, readlinkSync, statSync } from 'node:fs';

/** Identifies a process. A pid may be used again, so on Linux the start time is part of it. */
export interface ProcessMark {
  readonly pid: number;
  /** Field 22 of `/proc/<pid>/stat`; `null` if there is no `/proc`. */
  readonly start: string | null;
  /**
   * Where the pid counts: the number of the pid namespace, since containers may share folders. `null` if the system does not tell.
   * Marks of older versions have none, and count as marks of this place.
   */
  readonly place?: string | null;
}

/** How long a file of a process in another place must have stayed as it is, until the process counts as ended. */
const QUIET_MS = 10 * 60_000;

export function markProcess(pid: number): ProcessMark {
  return { pid, start: readStat(pid)?.start ?? null, place: readPlace() };
}

/** True if the mark's pid counts here. Of a process in another container, nobody can tell here whether it runs. */
export const isOfThisPlace = ({ place }: ProcessMark): boolean => place === undefined || place === readPlace();

/** False if the process has ended, if it is a zombie, or if a later process has the same pid. True for a process of another place. */
export function isAlive(mark: ProcessMark): boolean {
  if (!isOfThisPlace(mark)) return true;
  const stat = readStat(mark.pid);
  if (stat !== undefined) return stat.state !== 'Z' && stat.state !== 'X' && (mark.start === null || mark.start === stat.start);
  if (mark.start !== null) return false;
  try {
    process.kill(mark.pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * True if what a process writes at `path` has been left by it: the process has ended. In another place, it counts as ended if the file has not changed
 * for `quietMs`.
 */
export const isLeft = (mark: ProcessMark, path: string, quietMs = QUIET_MS): boolean =>
  isOfThisPlace(mark) ? !isAlive(mark) : ageMs(path) > quietMs;

/** The mark as a part of a file's name: `4026531836-1234-567890`. */
export const markText = ({ pid, start, place }: ProcessMark): string => `${place ?? 0}-${pid}-${start ?? 0}`;

/** The mark at the beginning of a text. A number alone is the pid that older versions wrote. */
export function markIn(text: string): ProcessMark | undefined {
  const [, place, pid, start, old] = /^(?:(\d+)-(\d+)-(\d+)|(\d+))(?!\d)/.exec(text) ?? [];
  if (old !== undefined) return { pid: Number(old), start: null };
  if (pid === undefined) return undefined;
  const known = (part: string | undefined): string | null => (part === undefined || part === '0' ? null : part);
  return { pid: Number(pid), start: known(start), place: known(place) };
}

/** The time since the file changed; 0 if it is not there. */
export function ageMs(path: string): number {
  try {
    return Date.now() - statSync(path).mtimeMs;
  } catch {
    return 0;
  }
}

function readPlace(): string | null {
  try {
    return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? null;
  } catch {
    return null;
  }
}

function readStat(pid: number): { state: string; start: string } | undefined {
  try {
    // The second field is the command in parentheses, which may itself contain spaces and parentheses.
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0] as string, start: fields[19] as string };
  } catch {
    return undefined;
  }
}
