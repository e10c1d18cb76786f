import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, renameSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { lstat, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder, isPrivateFolder, privateFolder, shortId, withLock } from '../../core/index.js';
import type { NpmPackages } from '../protocol/index.js';
import { npmInstall } from './npm.js';

/** An environment that no cluster has used for so long is removed. */
const UNUSED_MS = 30 * 24 * 3600_000;
/** If all together are larger, those that were not used for the longest time are removed, but none that may be in use. */
const MAX_BYTES = 5 * 1024 ** 3;
/** A cluster says at least once an hour which environments it uses. */
const MAYBE_USED_MS = 24 * 3600_000;
/** An unfinished environment that is older than any run of npm was left by a process that was killed. */
const UNFINISHED_MS = 3600_000;
const INFO = 'nbserve.json';

export interface PackageCacheOptions {
  /** @default `environments-<uid>` in nbserve's cache */
  readonly home?: () => string;
  readonly install?: typeof npmInstall;
  readonly now?: () => number;
}

/** Environments: folders of installed packages, each named by the hash of what is in it. All clusters of the user share them. */
export class PackageCache {
  readonly #home: () => string;
  readonly #install: typeof npmInstall;
  readonly #now: () => number;

  constructor({ home = () => cacheFolder('environments'), install = npmInstall, now = Date.now }: PackageCacheOptions = {}) {
    this.#home = home;
    this.#install = install;
    this.#now = now;
  }

  /** The folder in which the packages are installed, and notes that it is used; undefined if they are not installed. */
  find(packages: NpmPackages): string | undefined {
    const home = this.#home();
    // If somebody else has made it, the packages are not used, and their installation fails with the reason.
    if (!isPrivateFolder(home)) return undefined;
    const folder = join(home, environmentKey(packages));
    try {
      const now = this.#now() / 1000;
      // This file is the last one that is written.
      utimesSync(join(folder, INFO), now, now);
      return folder;
    } catch {
      return undefined;
    }
  }

  /**
   * Installs the packages, unless they are installed or another process installs them; then it waits for that one. A folder that exists is complete.
   * @throws NpmFailure; errors of the file system
   */
  async install(packages: NpmPackages): Promise<string> {
    const home = privateFolder(this.#home());
    const key = environmentKey(packages);
    return withLock(join(home, `${key}.lock`), async () => {
      const found = this.find(packages);
      if (found !== undefined) return found;
      // Only the holder of the lock makes such folders, so those that exist were left by processes that were killed.
      const left = readdirSync(home).filter((name) => name.startsWith(`${key}.`) && name.endsWith('.new'));
      await Promise.all(left.map((name) => tryToRemove(join(home, name))));
      const draft = join(home, `${key}.${shortId()}.new`);
      const folder = join(home, key);
      try {
        await this.#fill(draft, packages);
        // It may exist without the file that says it is complete, if somebody removed that.
        await remove(folder);
        renameSync(draft, folder);
      } catch (error) {
        await tryToRemove(draft);
        throw error;
      }
      await this.#clean(home);
      return folder;
    });
  }

  async #fill(draft: string, { dependencies, manifest, lock }: NpmPackages): Promise<void> {
    await mkdir(draft, { mode: 0o700 });
    writeFileSync(join(draft, 'package.json'), manifest ?? JSON.stringify({ private: true, dependencies }));
    if (lock !== undefined) writeFileSync(join(draft, 'package-lock.json'), lock);
    await this.#install({ folder: draft, isLocked: lock !== undefined });
    writeFileSync(join(draft, INFO), JSON.stringify({ dependencies, bytes: await sizeOf(draft) }));
  }

  /** Removes what is old, and what is more than the cache may hold. What cannot be removed stays, and does not fail the installation. */
  async #clean(home: string): Promise<void> {
    const now = this.#now();
    const all: { readonly folder: string; readonly usedAt: number; readonly bytes: number }[] = [];
    for (const name of readdirSync(home)) {
      const folder = join(home, name);
      if (name.endsWith('.new')) {
        if (now - (changedAt(folder) ?? now) > UNFINISHED_MS) await tryToRemove(folder);
        continue;
      }
      const usedAt = changedAt(join(folder, INFO));
      if (usedAt !== undefined) all.push({ folder, usedAt, bytes: bytesOf(folder) });
    }
    let total = all.reduce((sum, { bytes }) => sum + bytes, 0);
    for (const { folder, usedAt, bytes } of all.sort((a, b) => a.usedAt - b.usedAt)) {
      const unusedMs = now - usedAt;
      if (unusedMs <= UNUSED_MS && (total <= MAX_BYTES || unusedMs <= MAYBE_USED_MS)) continue;
      total -= bytes;
      // Other processes use and remove environments meanwhile.
      if (changedAt(join(folder, INFO)) === usedAt) await removeWhole(folder);
    }
  }
}

/** Packages with native parts differ from Node to Node and from machine to machine. */
export function environmentKey(packages: NpmPackages): string {
  const { dependencies, manifest = '', lock = '' } = packages;
  const machine = [process.platform, process.arch, process.versions.modules];
  const what = manifest === '' ? Object.entries(dependencies) : manifest;
  return createHash('sha256')
    .update(JSON.stringify([what, lock, machine]))
    .digest('hex')
    .slice(0, 32);
}

/** This is not synchronous, because an environment can have tens of thousands of files, and the controller does it. */
const remove = (path: string): Promise<void> => rm(path, { recursive: true, force: true });

/** What stays is removed by a later installation. */
const tryToRemove = (path: string): Promise<void> => remove(path).catch(() => {});

/** Removes an environment if that is possible. Under its name, an environment is complete, so this gives it another name first. */
async function removeWhole(folder: string): Promise<void> {
  const gone = `${folder}.${shortId()}.new`;
  try {
    renameSync(folder, gone);
  } catch {
    return; // Another process has removed it.
  }
  await tryToRemove(gone);
}

function changedAt(path: string): number | undefined {
  try {
    return statSync(path).mtimeMs;
  } catch {
    return undefined;
  }
}

function bytesOf(folder: string): number {
  try {
    return Number((JSON.parse(readFileSync(join(folder, INFO), 'utf8')) as { bytes?: unknown }).bytes) || 0;
  } catch {
    return 0;
  }
}

async function sizeOf(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const sizes = await Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map(async (entry) => (await lstat(join(entry.parentPath ?? entry.path, entry.name))).size),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
