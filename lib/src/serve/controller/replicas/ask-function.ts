import { type Channel, decodeValue, encodeValue, type OutgoingCall } from '../../../ipc/index.js';

/** A number has 9 bytes. The rest is for other values, whose type the error message then names. */
const MAX_ANSWER_BYTES = 4096;

let asked = 0;

/**
 * Calls a deployment that is a function. Its answer is user data that enters the controller, so it must be short.
 * @throws what the function throws; NBS_DEADLINE, NBS_PEER_GONE
 */
export function askFunction(channel: Channel, argument: unknown, timeoutMs: number): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    let call: OutgoingCall | null = null;
    const refuse = (reason: string): void => {
      call?.cancel(reason);
      reject(new TypeError(reason));
    };
    asked += 1;
    const head = { kind: 'method', method: 'call', requestId: `controller-${asked}`, deadlineMs: timeoutMs } as const;
    call = channel.request(head, encodeValue([argument]), {
      onHead({ kind }) {
        if (kind === 'items') refuse('it answered with a stream');
      },
      onData(chunk) {
        bytes += chunk.length;
        call?.consumed(chunk.length);
        if (bytes > MAX_ANSWER_BYTES) refuse(`it answered with over ${MAX_ANSWER_BYTES} bytes`);
        else chunks.push(chunk);
      },
      onEnd() {
        try {
          resolve(bytes === 0 ? undefined : decodeValue(Buffer.concat(chunks)));
        } catch (error) {
          reject(error as Error);
        }
      },
      onError: reject,
    });
  });
}
