import { createHash } from 'node:crypto';
import { rename, rm, stat, writeFile } from 'node:fs/promises';
import { blobPath, shortId } from '../core/index.js';
import type { BlobRef } from './engine.js';

/** Whether the cluster has the blob. */
function hasBlob(dir: string, hash: string): Promise<boolean> {
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
