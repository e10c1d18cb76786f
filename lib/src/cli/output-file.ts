import { constants } from 'node:fs';
import { access, stat, writeFile } from 'node:fs/promises';
import { dirname, relative, resolve } from 'node:path';
import { OutputExists, OutputNotWritable } from './errors.js';

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such folder',
  ENOTDIR: 'a part of its path is a file',
  EISDIR: 'it is a folder',
  EACCES: 'you may not write there',
  EPERM: 'you may not write there',
  EROFS: 'the disk can only be read',
  ENOSPC: 'there is no space left on the disk',
};

/** A path as messages name it: from the working directory if it is below that, otherwise absolute. */
export function shownPath(file: string): string {
  const path = relative('', file);
  return /^\.\.([\\/]|$)/.test(path) ? resolve(file) : path;
}

function notWritable(file: string, error: NodeJS.ErrnoException): Error {
  const known = REASONS[error.code ?? ''];
  const reason = known ?? error.message;
  return OutputNotWritable({ file: shownPath(file), reason }, known === undefined ? error : undefined);
}

/**
 * Says before any work whether a file can be written. It changes nothing.
 * @param force whether the file may exist
 * @throws NBS_OUTPUT_EXISTS, NBS_OUTPUT_NOT_WRITABLE
 */
export async function checkOutput(file: string, force: boolean): Promise<void> {
  try {
    const there = await stat(file).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (there !== undefined && !force) throw OutputExists({ file: shownPath(file) });
    if (there?.isDirectory() === true) throw Object.assign(new Error('a folder'), { code: 'EISDIR' });
    await access(there === undefined ? dirname(file) : file, constants.W_OK);
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === OutputExists.code ? error : notWritable(file, error as Error);
  }
}

/** @throws NBS_OUTPUT_NOT_WRITABLE */
export async function writeOutput(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text);
  } catch (error) {
    throw notWritable(file, error as Error);
  }
}
