import { createHash } from 'node:crypto';
import { open, rename, rm, stat, writeFile } from 'node:fs/promises';
import { blobPath, shortId } from '../core/index.js';
import type { BlobRef } from './engine.js';
import { BadBlob } from './errors.js';

const NAME = /^[0-9a-f]{64}$/;

/** Whether the cluster has the blob. */
export function hasBlob(dir: string, hash: string): Promise<boolean> {
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
