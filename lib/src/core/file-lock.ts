import { closeSync, linkSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { utimes } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { shortId } from './ids.js';
import { ageMs, isLeft, markProcess, markText, type ProcessMark } from './process-mark.js';
import { isRecord } from './schema.js';

const POLL_MS = 10;
/** A lock file without contents is one whose writer was killed, if it is this old: it is written as soon as it is made. */
const UNFINISHED_MS = 5000;
/** The holder touches its lock, because a process in another container does not see whether the holder runs. */
const TOUCH_MS = 10_000;
const UNTOUCHED_MS = 60_000;

/**
 * Runs the action while no other process runs one under the same lock file. If the process that holds the lock has ended, the lock is free. A holder in
 * another container counts as ended if it has not touched the lock for a minute.
 */
export async function withLock<T>(lock: string, action: () => Promise<T>): Promise<T> {
  while (!takeLock(lock)) await delay(POLL_MS);
  const touching = setInterval(() => void utimes(lock, new Date(), new Date()).catch(() => {}), TOUCH_MS);
  touching.unref();
  try {
    return await action();
  } finally {
    clearInterval(touching);
    // Another process has it, if this one was stopped for so long that it seemed to have ended.
    if (isOwn(lock)) rmSync(lock, { force: true });
  }
}

function takeLock(lock: string): boolean {
  let file: number;
  try {
    file = openSync(lock, 'wx', 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    if (isFree(lock)) removeLeft(lock);
    return false;
  }
  try {
    writeFileSync(file, JSON.stringify(markProcess(process.pid)));
  } catch (error) {
    // A full disk takes an empty file, for which others would wait.
    rmSync(lock, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
  // If this process was stopped before it wrote, its empty file may have been removed.
  return isOwn(lock);
}

function isFree(lock: string): boolean {
  const holder = holderOf(lock);
  return holder === undefined ? ageMs(lock) > UNFINISHED_MS : isLeft(holder, lock, UNTOUCHED_MS);
}

/** Since the lock was read, another process may have removed it and taken its own, so the file is read again when nobody else can reach it. */
function removeLeft(lock: string): void {
  const taken = `${lock}.${markText(markProcess(process.pid))}-${shortId()}`;
  try {
    renameSync(lock, taken);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  try {
    if (!isFree(taken)) linkSync(taken, lock);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(taken, { force: true });
  }
}

function isOwn(lock: string): boolean {
  const holder = holderOf(lock);
  return holder !== undefined && markText(holder) === markText(markProcess(process.pid));
}

function holderOf(lock: string): ProcessMark | undefined {
  try {
    const mark: unknown = JSON.parse(readFileSync(lock, 'utf8'));
    return isRecord(mark) ? (mark as unknown as ProcessMark) : undefined;
  } catch {
    return undefined;
  }
}
