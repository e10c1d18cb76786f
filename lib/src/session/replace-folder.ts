import { rename, rm } from 'node:fs/promises';
import { shortId } from '../core/index.js';

/**
 * Makes a folder under another name, and puts it in the place of the one that may be there, so that nobody ever sees a half of it. If that fails, the older
 * one is there again.
 * @throws what `make` throws, and errors of the file system
 */
export async function replaceFolder(path: string, make: (folder: string) => Promise<void>): Promise<void> {
  const id = shortId();
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
