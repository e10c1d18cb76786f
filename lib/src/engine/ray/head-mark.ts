import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { isAlive, markProcess } from '../../core/index.js';

const PLACE_DIGITS = 24;

/**
 * Says in the metadata of jobs which process the head is: where its pid counts, the pid, and its start. Who reads it elsewhere learns nothing about that
 * process. `undefined` if the system does not tell where a pid counts.
 * @param host the address at which nodes reach this machine
 */
export function headMark(host: string, pid = process.pid): string | undefined {
  const { start, place: pids } = markProcess(pid);
  try {
    // A machine that was copied with its memory has the same boot, but another address.
    const place = [bootId(), pids, hostname(), host];
    const hash = createHash('sha256').update(JSON.stringify(place)).digest('hex').slice(0, PLACE_DIGITS);
    return start === null || pids === null ? undefined : `${hash} ${pid} ${start}`;
  } catch {
    return undefined;
  }
}

/** Whether it is certain that the process of that mark has ended. Of one elsewhere, it never is. */
export function hasEnded(mark: string, own: string): boolean {
  const [place, pid = '', start = ''] = mark.split(' ');
  return place === own.split(' ')[0] && /^\d+$/.test(pid) && !isAlive({ pid: Number(pid), start });
}

const bootId = (): string => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
