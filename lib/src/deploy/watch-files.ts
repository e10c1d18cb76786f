import { createHash } from 'node:crypto';
import { existsSync, type FSWatcher, readFileSync, watch } from 'node:fs';
import { dirname, extname, join } from 'node:path';

/** An editor writes a file in several steps, and several files at once. */
const QUIET_MS = 50;
const SOURCES = new Set(['.ts', '.mts', '.cts', '.tsx', '.js', '.mjs', '.cjs', '.jsx', '.json', '.yaml', '.yml']);

/** What a deploy was made from. */
export interface Watched {
  readonly files: readonly string[];
  /** If it failed, a file that is not known yet may mend it. */
  readonly failed: boolean;
}

/**
 * Calls `redeploy` when the contents of a file have changed; never twice at the same time. Folders are watched, because editors replace files by others.
 * @param redeploy never rejects
 * @returns a function that ends the watch
 */
export function watchFiles(first: Watched, redeploy: () => Promise<Watched>): () => void {
  let watched = first;
  let hashes = hashesOf(first.files);
  let timer: NodeJS.Timeout | undefined;
  let isBusy = false;
  const folders = new Map<string, FSWatcher>();

  const look = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => void check(), QUIET_MS);
  };
  const check = async (isUnknown = false): Promise<void> => {
    if (isBusy) return;
    const now = hashesOf(watched.files);
    if (!isUnknown && !watched.files.some((file) => now.get(file) !== hashes.get(file))) return;
    isBusy = true;
    hashes = now;
    watched = await redeploy();
    for (const file of watched.files) if (!hashes.has(file)) hashes.set(file, hashOf(file));
    isBusy = false;
    follow();
    // It may have changed meanwhile.
    look();
  };
  const follow = (): void => {
    for (const folder of new Set(watched.files.map((file) => dirname(file)))) {
      if (folders.has(folder) || !existsSync(folder)) continue;
      const watcher = watch(folder, (_, name) => {
        const isNew =
          watched.failed && name !== null && SOURCES.has(extname(name)) && !watched.files.includes(join(folder, name));
        if (isNew && existsSync(join(folder, name as string))) void check(true);
        else look();
      });
      watcher.on('error', () => folders.delete(folder));
      folders.set(folder, watcher);
    }
  };
  follow();
  return () => {
    clearTimeout(timer);
    for (const watcher of folders.values()) watcher.close();
  };
}

const hashesOf = (files: readonly string[]): Map<string, string> => new Map(files.map((file) => [file, hashOf(file)]));

/** `''` for a file that does not exist, for example while an editor replaces it. */
function hashOf(file: string): string {
  try {
    return createHash('sha256').update(readFileSync(file)).digest('hex');
  } catch {
    return '';
  }
}
