import { lstatSync, mkdirSync, type Stats } from 'node:fs';
import { defineError } from './errors.js';

const UnsafeFolder = defineError(
  'NBS_UNSAFE_FOLDER',
  403,
  'the folder {path} {problem}, so somebody else could read or change what is in it; remove it, or set NBSERVE_HOME (for clusters) or NBSERVE_CACHE (for the cache) to a folder of your own',
);

/**
 * Makes a private folder and checks it: in a folder that everybody can write to, somebody else may have made one of the same name.
 * @throws NBS_UNSAFE_FOLDER
 */
export function privateFolder(path: string): string {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const problem = problemOf(lstatSync(path));
  if (problem !== null) throw UnsafeFolder({ path, problem });
  return path;
}

/** Whether a folder is there and private. */
export function isPrivateFolder(path: string): boolean {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  return stat !== undefined && problemOf(stat) === null;
}

function problemOf(stat: Stats): string | null {
  if (!stat.isDirectory()) return 'is not a folder';
  if (process.getuid !== undefined && stat.uid !== process.getuid()) return 'belongs to another user';
  return (stat.mode & 0o077) === 0 ? null : 'is open to other users';
}

/**
 * True if the user or root has put a file, a folder or a link there. The cache may be a folder that several users share: what another one has put there is
 * not run, and its files are not continued.
 */
export function isOurs(path: string): boolean {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return false;
  return process.getuid === undefined || stat.uid === 0 || stat.uid === process.getuid();
}

/** For a folder in which something is to be installed. @throws NBS_UNSAFE_FOLDER if it is there, and somebody else has made it */
export function refuseForeign(path: string): void {
  const isThere = lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  if (isThere && !isOurs(path)) throw UnsafeFolder({ path, problem: 'belongs to another user' });
}
