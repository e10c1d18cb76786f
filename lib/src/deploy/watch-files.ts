import { createHash } from 'node:crypto';
import { existsSync, type FSWatcher, readFileSync, statSync, watch } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
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
  const folders = new Map<string, WatchedFolder>();

  const look = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => void check(), QUIET_MS);
  };
  const check = async (): Promise<void> => {
    if (isBusy) return;
    follow();
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
  const drop = (folder: string): void => {
    folders.get(folder)?.watcher.close();
    folders.delete(folder);
  };
  const changed = (folder: string, name: string | null): void => {
    const isNew = watched.failed && name !== null && SOURCES.has(extname(name)) && !watched.files.includes(join(folder, name));
    const standsIn = folders.get(folder)?.standsIn === true && !watched.files.some((file) => dirname(file) === folder);
    isMended ||= isNew && !standsIn && existsSync(join(folder, name as string));
    // It says so of itself when it is removed.
    if (name === basename(folder)) drop(folder);
    // It may be the folder of a file that was missing.
    follow();
    look();
  };
  const follow = (): void => {
    // A build may remove a folder and make it again, and the watch of the old one sees nothing more.
    for (const [folder, { identity }] of folders) if (identityOf(folder) !== identity) drop(folder);
    for (const wanted of new Set(watched.files.map((file) => dirname(file)))) {
      const folder = existingFolder(wanted);
      const identity = identityOf(folder);
      if (folders.has(folder)) continue;
      try {
        const watcher = watch(folder, (_, name) => changed(folder, name));
        watcher.on('error', () => drop(folder));
        folders.set(folder, { watcher, identity, standsIn: folder !== wanted });
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
        // It was removed just now.
        look();
      }
    }
  };
  follow();
  look();
  return () => {
    isEnded = true;
    clearTimeout(timer);
    for (const { watcher } of folders.values()) watcher.close();
  };
}

interface WatchedFolder {
  readonly watcher: FSWatcher;
  readonly identity: string | undefined;
  /** It is watched until a folder below it exists. */
  readonly standsIn: boolean;
}

/** Another text for a folder that was removed and made again. */
function identityOf(folder: string): string | undefined {
  const found = statSync(folder, { throwIfNoEntry: false });
  return found && `${found.ino} ${found.birthtimeMs}`;
}

/** The folder, or the nearest one above it that exists. */
function existingFolder(folder: string): string {
  const above = dirname(folder);
  return existsSync(folder) || above === folder ? folder : existingFolder(above);
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
