import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';

/** The contents of a file at a certain time. */
export interface FileStamp {
  readonly file: string;
  /** `''` if it could not be read. */
  readonly hash: string;
}

const known = new Map<string, { readonly changed: string; readonly stamp: FileStamp }>();

export function stampOf(file: string): FileStamp {
  const stat = statSync(file, { throwIfNoEntry: false });
  const changed = `${stat?.mtimeMs}:${stat?.size}`;
  const last = known.get(file);
  if (last?.changed === changed) return last.stamp;
  const stamp = { file, hash: hashOf(file) };
  known.set(file, { changed, stamp });
  return stamp;
}

export const hasChanged = ({ file, hash }: FileStamp): boolean => hashOf(file) !== hash;

function hashOf(file: string): string {
  try {
    return createHash('sha256').update(readFileSync(file)).digest('hex');
  } catch {
    return '';
  }
}
