import { lstatSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isLeft, isOfThisPlace, isOurs, markIn, markProcess, markText } from '../core/index.js';

/** The part files that this process writes. */
const own = new Set<string>();

/**
 * The path of the part file for a download, which belongs to this process until `release` is called. What a process that was killed has left of the same download
 * becomes this file, but no link, and nothing of another user: the folder may be a shared one. Renaming is atomic, so no two processes take the same one. A
 * process in another container counts as killed if its file has not grown for some minutes.
 * @param key names the download; the same key means the same bytes
 */
export async function claimPart(folder: string, key: string): Promise<{ readonly path: string; readonly release: () => void }> {
  await mkdir(folder, { recursive: true });
  const mark = markText(markProcess(process.pid));
  let path = join(folder, `${key}.${mark}.part`);
  for (let n = 2; own.has(path); n += 1) path = join(folder, `${key}~${n}.${mark}.part`);
  own.add(path);
  const release = () => void own.delete(path);
  // The name of another download can begin with this key: that of a version 1.0.1 with that of 1.0.
  const isOfKey = (name: string) => name.startsWith(key) && /^(?:~\d+)?\.[\d-]+\.part$/.test(name.slice(key.length));
  const names = (await readdir(folder)).filter(
    (name) => isOfKey(name) && isAbandoned(folder, name) && isOwnFile(join(folder, name)),
  );
  for (const name of names) {
    const isTaken = await rename(join(folder, name), path).then(
      () => true,
      () => false,
    );
    if (isTaken) break;
  }
  if (!isOwnFile(path)) await rm(path, { force: true });
  return { path, release };
}

const isOwnFile = (path: string): boolean => isOurs(path) && lstatSync(path).isFile();

function isAbandoned(folder: string, name: string): boolean {
  const mark = markIn(/\.([\d-]+)\.part$/.exec(name)?.[1] ?? '');
  if (mark === undefined) return false;
  const path = join(folder, name);
  return mark.pid === process.pid && isOfThisPlace(mark) ? !own.has(path) : isLeft(mark, path);
}
