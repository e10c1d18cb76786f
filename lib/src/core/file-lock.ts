import { closeSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { isAlive, markProcess, type ProcessMark } from './process-mark.js';
import { isRecord } from './schema.js';

const POLL_MS = 10;
/** A lock file without contents is one whose writer was killed, if it is this old: it is written as soon as it is made. */
const UNFINISHED_MS = 5000;

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
  let file: number;
  try {
    file = openSync(lock, 'wx', 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const holder = holderOf(lock);
    const isLeft = holder === undefined ? ageMs(lock) > UNFINISHED_MS : !isAlive(holder);
    if (isLeft) rmSync(lock, { force: true });
    return false;
  }
  try {
    writeFileSync(file, JSON.stringify(markProcess(process.pid)));
    return true;
  } catch (error) {
    // A full disk takes an empty file, for which others would wait.
    rmSync(lock, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
}

function holderOf(lock: string): ProcessMark | undefined {
  try {
    const mark: unknown = JSON.parse(readFileSync(lock, 'utf8'));
    return isRecord(mark) ? (mark as unknown as ProcessMark) : undefined;
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
