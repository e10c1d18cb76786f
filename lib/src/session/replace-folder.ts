import { existsSync } from 'node:fs';
import { readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isLeft, markIn, markProcess, markText, shortId } from '../core/index.js';

/** How often another process may put its own folder there in the middle. */
const MAX_TRIES = 100;

/**
 * Makes a folder under another name, and puts it in the place of the one that may be there, so that nobody ever sees a half of it. If that fails, the older
 * one is there again. If several processes do this at the same time, one of their folders stays.
 * @throws what `make` throws, and errors of the file system
 */
export async function replaceFolder(path: string, make: (folder: string) => Promise<void>): Promise<void> {
  await settleFolder(path);
  const id = `${markText(markProcess(process.pid))}-${shortId()}`;
  const made = `${path}.new-${id}`;
  try {
    await make(made);
    let tries = 1;
    while (!(await put(made, path, `${path}.old-${id}-${tries}`, tries === MAX_TRIES))) tries += 1;
  } finally {
    await rm(made, { recursive: true, force: true });
  }
}

/** Puts a folder in the place of another. @returns false if another process has put its own there meanwhile */
async function put(made: string, path: string, old: string, isLast: boolean): Promise<boolean> {
  await rename(path, old).catch(ignore(['ENOENT']));
  let isDone = true;
  try {
    await rename(made, path);
  } catch (error) {
    await rename(old, path).catch(ignore(['ENOENT', ...TAKEN]));
    if (isLast || !TAKEN.includes((error as NodeJS.ErrnoException).code as string)) throw error;
    isDone = false;
  }
  await rm(old, { recursive: true, force: true });
  return isDone;
}

/** The errors of a rename to a folder that is there and not empty. */
const TAKEN = ['ENOTEMPTY', 'EEXIST'];

const ignore =
  (codes: readonly string[]) =>
  (error: NodeJS.ErrnoException): void => {
    if (!codes.includes(error.code as string)) throw error;
  };

/**
 * Puts a folder in order after processes that were killed while they replaced it: what they had moved away comes back if nothing is in its place, and the
 * rest is removed. Processes that run may still be making theirs.
 */
export async function settleFolder(path: string): Promise<void> {
  const names = await readdir(dirname(path)).catch(() => []);
  for (const name of names) {
    const [, kind, text = ''] = name.startsWith(basename(path))
      ? (/^\.(new|old)-(.+)$/.exec(name.slice(basename(path).length)) ?? [])
      : [];
    const mark = markIn(text);
    const left = join(dirname(path), name);
    if (mark === undefined || !isLeft(mark, left)) continue;
    if (kind === 'old' && !existsSync(path)) await rename(left, path).catch(ignore(['ENOENT', ...TAKEN]));
    await rm(left, { recursive: true, force: true });
  }
}
