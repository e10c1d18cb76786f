import { ByteQueue } from './byte-queue.js';
import type { IncomingCall } from './channel.js';
import { BodyTooLarge } from './errors.js';

/** 1 GiB: what a value that is sent, or answered, has at most. */
export const MAX_VALUE_BYTES = 1024 * 1024 * 1024;
const NO_BYTES = new Uint8Array(0);

/**
 * Reads the whole body of a call, whether it arrives as one piece or as a stream.
 * @throws NBS_BODY_TOO_LARGE; NBS_CANCELLED or NBS_PEER_GONE if the caller cancels or its connection ends
 */
export function readBody(call: IncomingCall, maxBytes = MAX_VALUE_BYTES): Promise<Uint8Array> {
  if (!call.streaming) return Promise.resolve(call.body ?? NO_BYTES);
  const body = new ByteQueue();
  return new Promise((resolve, reject) => {
    call.onBody = {
      onData(chunk) {
        if (body.length + chunk.length > maxBytes) {
          reject(BodyTooLarge({ max: maxBytes }));
          return;
        }
        body.push(chunk, true);
        call.consumed(chunk.length);
      },
      onEnd: () => resolve(body.takeAll()),
      onError: reject,
    };
  });
}
