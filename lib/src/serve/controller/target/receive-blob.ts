import type { IncomingCall } from '../../../ipc/index.js';
import type { BlobStore, BlobWriter } from './blobs.js';

/**
 * Writes the body of a call to the store, piece by piece. Credit is granted when a piece is written, so memory stays small.
 * @throws NBS_INVALID_BLOB_NAME, NBS_BLOB_MISMATCH; the caller's error if it cancels or its connection ends
 */
export async function receiveBlob(call: IncomingCall, blobs: BlobStore, hash: string): Promise<void> {
  const writer = await blobs.write(hash);
  try {
    if (call.streaming) await receivePieces(call, writer);
    else if (call.body !== null) await writer.add(call.body);
  } catch (error) {
    await writer.abort();
    throw error;
  }
  await writer.commit();
}

function receivePieces(call: IncomingCall, writer: BlobWriter): Promise<void> {
  return new Promise((resolve, reject) => {
    let written: Promise<void> = Promise.resolve();
    call.onBody = {
      onData(chunk) {
        written = written.then(async () => {
          await writer.add(chunk);
          call.consumed(chunk.length);
        });
        written.catch(reject);
      },
      onEnd: () => void written.then(resolve, reject),
      onError: (error) => void written.finally(() => reject(error)).catch(() => {}),
    };
  });
}
