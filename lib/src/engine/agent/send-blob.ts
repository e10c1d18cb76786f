import { open } from 'node:fs/promises';
import { blobPath } from '../../core/index.js';
import type { OpCaller } from '../../ipc/index.js';
import type { WorkerOps } from '../agent-ops.js';

const PIECE_BYTES = 512 * 1024;

/** Sends a blob of this cluster to the agent of another machine, if that does not have it. */
export async function sendBlob(dir: string, hash: string, call: OpCaller<WorkerOps>): Promise<void> {
  if (await call('hasBlob', { hash })) return;
  await using file = await open(blobPath(dir, hash));
  const { size } = await file.stat();
  for (let at = 0; ; ) {
    const bytes = new Uint8Array(Math.min(PIECE_BYTES, size - at));
    const { bytesRead } = await file.read(bytes, 0, bytes.length, at);
    const isLast = at + bytesRead >= size;
    await call('putBlob', { hash, at, bytes: bytes.subarray(0, bytesRead), isLast });
    if (isLast) return;
    at += bytesRead;
  }
}
