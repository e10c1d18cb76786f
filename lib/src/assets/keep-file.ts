import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { hasCode, isLeft, markIn, markProcess, markText } from '../core/index.js';
import { AssetNotKept } from './errors.js';
import type { Asset } from './manifest.js';

/** How many files this process has begun to write. */
let written = 0;

/**
 * Writes the whole file or nothing.
 * @param content its bytes, or the path of a file that becomes this one
 * @throws NBS_ASSET_NOT_KEPT
 */
export async function keepFile(asset: Asset, path: string, content: Uint8Array | string): Promise<void> {
  written += 1;
  // Two of them may be the same file.
  const partial = `${path}.${markText(markProcess(process.pid))}-${written}.part`;
  try {
    await mkdir(dirname(path), { recursive: true });
    await removeAbandoned(path);
    // Written beside it and renamed, so that nobody reads half a file.
    if (typeof content === 'string') await rename(content, partial);
    else await writeFile(partial, content);
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true }).catch(() => {});
    throw notKept(asset, path, error as NodeJS.ErrnoException);
  }
}

function notKept({ name, committed }: Asset, path: string, error: NodeJS.ErrnoException): Error {
  const remedy = committed ? 'make it writable' : ELSEWHERE;
  return AssetNotKept({ name, path, reason: diskReason(error) ?? error.message, remedy }, error);
}

/** The error of a download whose bytes the disk does not take, if `error` is one, else undefined. @param folder that of the downloads */
export function downloadNotKept({ name }: Asset, folder: string, error: NodeJS.ErrnoException): Error | undefined {
  if (hasCode(error, AssetNotKept)) return error;
  const reason = diskReason(error);
  return reason === undefined ? undefined : AssetNotKept({ name, path: folder, reason, remedy: ELSEWHERE }, error);
}

const ELSEWHERE = 'make room there, or set NBSERVE_CACHE to another folder';

/** Removes parts of files that a killed process has left. */
async function removeAbandoned(path: string): Promise<void> {
  for (const file of await readdir(dirname(path))) {
    const text = file.startsWith(`${basename(path)}.`) ? /\.(\d[\d-]*)\.part$/.exec(file)?.[1] : undefined;
    const mark = text === undefined ? undefined : markIn(text);
    const part = join(dirname(path), file);
    if (mark !== undefined && isLeft(mark, part)) await rm(part, { force: true });
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'there is no space left on the disk',
  EDQUOT: 'your quota of the disk is used up',
  EACCES: 'the folder cannot be written to',
  EPERM: 'the folder cannot be written to',
  EROFS: 'the disk can only be read',
  ENOTDIR: 'a part of that path is a file',
  EEXIST: 'a part of that path is a file',
  EISDIR: 'there is a folder of that name',
};

/** What the file system says against a file, in words; undefined if the error is another one, such as that of a program that cannot be started. */
export const diskReason = ({ code, syscall }: NodeJS.ErrnoException): string | undefined =>
  syscall?.startsWith('spawn') === true || syscall === 'connect' ? undefined : REASONS[code ?? ''];
