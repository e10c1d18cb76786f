import { lstatSync, mkdirSync } from 'node:fs';
import { UnsafeFolder } from './errors.js';

/**
 * Makes a private folder and checks it: in a folder that everybody can write to, somebody else may have made one of the same name.
 * @throws NBS_UNSAFE_FOLDER
 */
export function privateFolder(path: string): string {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const stat = lstatSync(path);
  if (!stat.isDirectory()) throw UnsafeFolder({ path, problem: 'is not a folder' });
  if (process.getuid !== undefined && stat.uid !== process.getuid())
    throw UnsafeFolder({ path, problem: 'belongs to another user' });
  if ((stat.mode & 0o077) !== 0) throw UnsafeFolder({ path, problem: 'is open to other users' });
  return path;
}
