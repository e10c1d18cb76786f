import { createHash } from 'node:crypto';
import { readdirSync, rmSync, statSync } from 'node:fs';
import { open, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { blobFolder, blobPath, shortId } from '../core/index.js';
import type { BlobRef } from './engine.js';
import { BadBlob } from './errors.js';

const NAME = /^[0-9a-f]{64}$/;

/** Whether the cluster has the blob. */
function hasBlob(dir: string, hash: string): Promise<boolean> {
  if (!NAME.test(hash)) return Promise.resolve(false);
  return stat(blobPath(dir, hash)).then(
    () => true,
    () => false,
  );
}

/** Writes bytes with their hash as the name. A reader sees all of them or none. The same bytes are written once. */
export async function writeBlob(dir: string, bytes: Uint8Array): Promise<BlobRef> {
  const hash = createHash('sha256').update(bytes).digest('hex');
  const ref = { hash, bytes: bytes.byteLength };
  if (await hasBlob(dir, hash)) return ref;
  const unfinished = `${blobPath(dir, hash)}.${shortId()}`;
  try {
    await writeFile(unfinished, bytes, { mode: 0o600, flag: 'wx' });
    await rename(unfinished, blobPath(dir, hash));
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
  return ref;
}

/** Whether a node has a blob that it is about to need. From then on, that counts as new. */
export async function renewBlob(dir: string, hash: string): Promise<boolean> {
  if (!(await hasBlob(dir, hash))) return false;
  const now = new Date();
  return utimes(blobPath(dir, hash), now, now).then(
    () => true,
    () => false,
  );
}

/** Removes the blobs of a node that the head does not have any more, and pieces of blobs that never came whole. @param graceMs new ones stay */
export function keepBlobs(dir: string, hashes: ReadonlySet<string>, graceMs: number): void {
  for (const name of readdirSync(blobFolder(dir))) {
    const path = blobPath(dir, name);
    const changedAt = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
    if (!hashes.has(name) && Date.now() - changedAt > graceMs) rmSync(path, { force: true });
  }
}

/** Writes the blobs that come from another machine in pieces. */
export class BlobReceiver {
  readonly #dir: string;

  constructor(dir: string) {
    this.#dir = dir;
  }

  /** Writes a piece; the last one makes the blob visible. @throws NBS_BAD_BLOB if the bytes are not those that the name says */
  async take(piece: {
    readonly hash: string;
    readonly at: number;
    readonly bytes: Uint8Array;
    readonly isLast: boolean;
  }): Promise<undefined> {
    const { hash, at, bytes, isLast } = piece;
    if (!NAME.test(hash)) throw BadBlob({ hash });
    const path = blobPath(this.#dir, hash);
    const unfinished = `${path}.coming`;
    await using file = await open(unfinished, at === 0 ? 'w+' : 'r+', 0o600);
    await file.write(bytes, 0, bytes.length, at);
    if (!isLast) return undefined;
    const digest = createHash('sha256');
    for await (const chunk of file.createReadStream({ start: 0, autoClose: false })) digest.update(chunk as Buffer);
    if (digest.digest('hex') !== hash) {
      await rm(unfinished, { force: true });
      throw BadBlob({ hash });
    }
    await rename(unfinished, path);
    return undefined;
  }
}
