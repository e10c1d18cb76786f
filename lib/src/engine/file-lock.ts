import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { isAlive, markProcess, type ProcessMark } from './process-mark.js';

const POLL_MS = 10;
/** A lock file without contents is one whose writer was killed, if it is this old. */
const UNFINISHED_MS = 60_000;

/**
 * Runs the action while no other process of this machine runs one under the same lock file. If the process that holds the lock has ended, the lock is
 * free.
 */
export async function withLock<T>(lock: string, action: () => Promise<T>): Promise<T> {
  while (!takeLock(lock)) await delay(POLL_MS);
  try {
    return await action();
  } finally {
    rmSync(lock, { force: true });
  }
}

function takeLock(lock: string): boolean {
  try {
    writeFileSync(lock, JSON.stringify(markProcess(process.pid)), { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const holder = holderOf(lock);
    const isLeft = holder === undefined ? ageMs(lock) > UNFINISHED_MS : !isAlive(holder);
    if (isLeft) rmSync(lock, { force: true });
    return false;
  }
}

function holderOf(lock: string): ProcessMark | undefined {
  try {
    return JSON.parse(readFileSync(lock, 'utf8')) as ProcessMark;
  } catch {
    return undefined;
  }
}

function ageMs(path: string): number {
  try {
    return Date.now() - statSync(path).mtimeMs;
  } catch {
    return 0;
  }
}
