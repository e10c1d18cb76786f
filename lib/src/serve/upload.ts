import { type Channel, callOp } from '../ipc/index.js';
import { type ControllerOps, putBlobOp } from './protocol/index.js';

/** Bytes named by their sha256 (hex). */
export interface Blob {
  readonly hash: string;
  readonly bytes: Uint8Array;
}

/** Sends the blobs that the cluster lacks. */
export async function uploadBlobs(controller: Channel, blobs: readonly Blob[]): Promise<void> {
  if (blobs.length === 0) return;
  const byHash = new Map(blobs.map((blob) => [blob.hash, blob]));
  const missing = await callOp<ControllerOps, 'missingBlobs'>(controller, 'missingBlobs', { hashes: [...byHash.keys()] });
  for (const hash of missing) {
    const blob = byHash.get(hash);
    if (blob !== undefined) await sendBlob(controller, blob);
  }
}

/** Streams one blob, at the pace that the controller takes it. */
function sendBlob(controller: Channel, { hash, bytes }: Blob): Promise<void> {
  return new Promise((resolve, reject) => {
    let offset = 0;
    const pump = (): void => {
      while (offset < bytes.length) {
        const chunk = bytes.subarray(offset, offset + 64 * 1024);
        offset += chunk.length;
        if (!call.write(chunk)) return;
      }
      call.end();
    };
    const call = controller.request({ kind: 'control', op: putBlobOp(hash), length: bytes.length }, 'stream', {
      onHead: () => {},
      onData: (chunk) => call.consumed(chunk.length),
      onEnd: () => resolve(),
      onError: reject,
      onDrain: pump,
    });
    pump();
  });
}
