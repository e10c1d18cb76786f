import type { WireError } from '../core/index.js';
import { MessageTooLarge } from './errors.js';
import { metadataFault } from './metadata-fault.js';
import { isStatus } from './status.js';

/**
 * Messages inside a body between proxy and replica. The frames are those of gRPC: a byte of flags, the length as u32 (big-endian), the bytes. As in
 * gRPC-Web, the flag 0x80 marks the trailers, which end an answer.
 */
const HEAD_BYTES = 5;
const TRAILERS = 0x80;
/** An error in them has the stacks of its causes. */
const MAX_TRAILERS = 4 * 1024 * 1024;

/** How a call ended. */
export interface Trailers {
  /** Status of gRPC; 0 is OK. */
  readonly code: number;
  readonly message: string;
  /** Metadata: name, value, name, value, … A value under a name that ends in `-bin` is base64. */
  readonly metadata: readonly string[];
  /** Present if the call failed. Whoever passes it on says as much of it as the client may know. */
  readonly error?: WireError;
}

export const messageFrame = (message: Uint8Array): Buffer => frame(0, message);
export const trailersFrame = (trailers: Trailers): Buffer => frame(TRAILERS, Buffer.from(JSON.stringify(trailers)));

function frame(flags: number, bytes: Uint8Array): Buffer {
  const whole = Buffer.allocUnsafe(HEAD_BYTES + bytes.length);
  whole[0] = flags;
  whole.writeUInt32BE(bytes.length, 1);
  whole.set(bytes, HEAD_BYTES);
  return whole;
}

/** @throws SyntaxError or TypeError if gRPC cannot carry them */
function readTrailers(bytes: Buffer): Trailers {
  const { code, message, metadata, error } = (JSON.parse(bytes.toString()) ?? {}) as { readonly [K in keyof Trailers]?: unknown };
  if (!isStatus(code)) throw new TypeError('its trailers have no status of gRPC');
  const fault = metadataFault(metadata);
  if (fault !== null) throw new TypeError(`the metadata ${fault.name} of its trailers cannot be sent: ${fault.reason}`);
  return {
    code,
    message: typeof message === 'string' ? message : '',
    metadata: metadata as string[],
    ...(error === undefined ? {} : { error: error as WireError }),
  };
}

export interface FrameReceiver {
  onMessage(message: Buffer): void;
  onTrailers(trailers: Trailers): void;
}

/** Splits a body into its messages, however its bytes are divided into chunks. A message that arrives in many chunks is joined once. */
export class FrameSplitter {
  readonly #receiver: FrameReceiver;
  readonly #maxBytes: number;
  #pieces: Uint8Array[] = [];
  #length = 0;
  #wanted = HEAD_BYTES;
  #ended = false;

  /** @param maxBytes limit of one message */
  constructor(receiver: FrameReceiver, maxBytes: number) {
    this.#receiver = receiver;
    this.#maxBytes = maxBytes;
  }

  /** @throws NBS_MESSAGE_TOO_LARGE, or TypeError or SyntaxError if the peer does not follow this format */
  feed(chunk: Uint8Array): void {
    this.#pieces.push(chunk);
    this.#length += chunk.length;
    if (this.#length < this.#wanted) return;
    const [only] = this.#pieces;
    let bytes =
      this.#pieces.length === 1 && only !== undefined
        ? Buffer.from(only.buffer, only.byteOffset, only.length)
        : Buffer.concat(this.#pieces);
    this.#wanted = HEAD_BYTES;
    while (bytes.length >= HEAD_BYTES) {
      if (this.#ended) throw new TypeError('there are bytes behind its trailers');
      const length = bytes.readUInt32BE(1);
      // A message that is announced is kept until it is whole, so its length is checked first.
      if (length > this.#maxBytes && bytes[0] !== TRAILERS) throw MessageTooLarge({ bytes: length, max: this.#maxBytes });
      if (length > MAX_TRAILERS && bytes[0] === TRAILERS) throw new TypeError(`its trailers have ${length} bytes`);
      const end = HEAD_BYTES + length;
      if (bytes.length < end) {
        this.#wanted = end;
        break;
      }
      const message = bytes.subarray(HEAD_BYTES, end);
      if (bytes[0] === TRAILERS) {
        this.#ended = true;
        this.#receiver.onTrailers(readTrailers(message));
      } else this.#receiver.onMessage(message);
      bytes = bytes.subarray(end);
    }
    this.#pieces = bytes.length === 0 ? [] : [bytes];
    this.#length = bytes.length;
  }
}
