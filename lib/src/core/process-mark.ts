import { readFileSync } from 'node:fs';

/** Identifies a process. A pid may be used again, so on Linux the start time is part of it. */
export interface ProcessMark {
  readonly pid: number;
  /** Field 22 of `/proc/<pid>/stat`; `null` if there is no `/proc`. */
  readonly start: string | null;
}

export function markProcess(pid: number): ProcessMark {
  return { pid, start: readStat(pid)?.start ?? null };
}

/** False if the process has ended, if it is a zombie, or if a later process has the same pid. */
export function isAlive(mark: ProcessMark): boolean {
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
