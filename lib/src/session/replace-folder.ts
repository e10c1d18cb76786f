import { readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { shortId } from '../core/index.js';

/**
 * Makes a folder under another name, and puts it in the place of the one that may be there, so that nobody ever sees a half of it. If that fails, the older
 * one is there again.
 * @throws what `make` throws, and errors of the file system
 */
export async function replaceFolder(path: string, make: (folder: string) => Promise<void>): Promise<void> {
  await removeUnfinished(path);
  const id = `${process.pid}-${shortId()}`;
  const [made, old] = [`${path}.new-${id}`, `${path}.old-${id}`];
  try {
    await make(made);
    await rename(path, old).catch(ignoreMissing);
    try {
      await rename(made, path);
    } catch (error) {
      await rename(old, path).catch(ignoreMissing);
      throw error;
    }
    await rm(old, { recursive: true, force: true });
  } finally {
    await rm(made, { recursive: true, force: true });
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}

/** Removes what processes that were killed have left of this folder. Those that run may still be making theirs. */
async function removeUnfinished(path: string): Promise<void> {
  const start = `${basename(path)}.new-`;
  const names = await readdir(dirname(path)).catch(() => []);
  for (const name of names) {
    if (!name.startsWith(start) || isRunning(Number.parseInt(name.slice(start.length), 10))) continue;
    await rm(join(dirname(path), name), { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // It may be that of another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
