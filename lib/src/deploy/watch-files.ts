import { createHash } from 'node:crypto';
import { existsSync, type FSWatcher, readFileSync, statSync, watch } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { CODE_ENDINGS } from '../core/index.js';

/** An editor writes a file in several steps, and several files at once. */
const QUIET_MS = 50;
/** The time in a file's record is the kernel's, which may be this much behind the clock. */
const CLOCK_STEP_MS = 20;
const SOURCES = new Set<string>([...CODE_ENDINGS, '.json', '.yaml', '.yml']);

/** What a deploy was made from. */
export interface Watched {
  readonly files: readonly string[];
  /** If it failed, a file that is not known yet may mend it. */
  readonly failed: boolean;
}

/**
 * Calls `redeploy` when the contents of a file have changed; never twice at the same time. Folders are watched, because editors replace files by others.
 * @param begun when the first deploy began to read files, in ms since 1970: a file that was written since then has changed
 * @param redeploy never rejects
 * @returns a function that ends the watch
 */
export function watchFiles(first: Watched, begun: number, redeploy: () => Promise<Watched>): () => void {
  let watched = first;
  let hashes = new Map(first.files.map((file) => [file, hashReadSince(file, begun)]));
  let timer: NodeJS.Timeout | undefined;
  let isBusy = false;
  let isEnded = false;
  /** A file that no deploy has read yet may mend the error of the last one. */
  let isMended = false;
  const folders = new Map<string, FSWatcher>();

  const look = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => void check(), QUIET_MS);
  };
  const check = async (): Promise<void> => {
    if (isBusy) return;
    const now = hashesOf(watched.files);
    if (!isMended && !watched.files.some((file) => now.get(file) !== hashes.get(file))) return;
    isBusy = true;
    isMended = false;
    hashes = now;
    const since = Date.now();
    watched = await redeploy();
    if (isEnded) return;
    for (const file of watched.files) if (!hashes.has(file)) hashes.set(file, hashReadSince(file, since));
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
        isMended ||= isNew && existsSync(join(folder, name as string));
        // It may be the folder of a file that was missing.
        follow();
        look();
      });
      watcher.on('error', () => folders.delete(folder));
      folders.set(folder, watcher);
    }
  };
  follow();
  look();
  return () => {
    isEnded = true;
    clearTimeout(timer);
    for (const watcher of folders.values()) watcher.close();
  };
}

const hashesOf = (files: readonly string[]): Map<string, string> => new Map(files.map((file) => [file, hashOf(file)]));

/** The hash of what a deploy read that began at this time; '?' if the file may have been written since. */
function hashReadSince(file: string, begun: number): string {
  const written = statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return written >= begun - CLOCK_STEP_MS ? '?' : hashOf(file);
}

/** `''` for a file that does not exist, for example while an editor replaces it. */
function hashOf(file: string): string {
  try {
    return createHash('sha256').update(readFileSync(file)).digest('hex');
  } catch {
    return '';
  }
}
