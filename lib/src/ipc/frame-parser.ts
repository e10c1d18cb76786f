import { ProtocolViolation } from './errors.js';
import { HEADER_BYTES, headerFault } from './frame.js';

/** Receives frames. `bytes` also contains other frames: the head of this one is `[head, body)`, its body `[body, end)`. */
export interface FrameSink {
  onFrame(type: number, flags: number, stream: number, bytes: Buffer, head: number, body: number, end: number): void;
}

/** Splits bytes into frames. It knows no socket. If a frame lies in one chunk, it is not copied; if it spans several, it is copied once. */
export class FrameParser {
  readonly #sink: FrameSink;
  readonly #peer: string;
  readonly #header = Buffer.allocUnsafe(HEADER_BYTES);
  #headerBytes = 0;
  /** A frame that is not complete yet, allocated at its full size. */
  #frame: Buffer | null = null;
  #frameBytes = 0;
  #stopped = false;

  constructor(sink: FrameSink, peer = 'the peer') {
    this.#sink = sink;
    this.#peer = peer;
  }

  /** Ignores all further bytes, including the rest of the current chunk. */
  stop(): void {
    this.#stopped = true;
    this.#frame = null;
  }

  /** @throws NBS_PROTOCOL at the first malformed header; after that the parser is stopped */
  feed(chunk: Buffer): void {
    let at = this.#frame !== null || this.#headerBytes > 0 ? this.#resume(chunk) : 0;
    while (!this.#stopped && chunk.length - at >= HEADER_BYTES) {
      const payload = this.#check(chunk, at);
      const end = at + HEADER_BYTES + payload;
      if (end > chunk.length) break;
      this.#emit(chunk, at, end);
      at = end;
    }
    if (at < chunk.length && !this.#stopped) this.#keep(chunk, at);
  }

  /** Completes the frame that began in an earlier chunk. Returns the offset of the first frame that begins in this chunk. */
  #resume(chunk: Buffer): number {
    let at = 0;
    if (this.#frame === null) {
      at = chunk.copy(this.#header, this.#headerBytes, 0, Math.min(chunk.length, HEADER_BYTES - this.#headerBytes));
      this.#headerBytes += at;
      if (this.#headerBytes < HEADER_BYTES) return at;
      this.#open(this.#header, 0);
      this.#headerBytes = 0;
    }
    const frame = this.#frame as Buffer | null;
    if (frame === null) return at;
    const copied = chunk.copy(frame, this.#frameBytes, at, Math.min(chunk.length, at + frame.length - this.#frameBytes));
    this.#frameBytes += copied;
    if (this.#frameBytes === frame.length) {
      this.#frame = null;
      this.#emit(frame, 0, frame.length);
    }
    return at + copied;
  }

  #keep(chunk: Buffer, at: number): void {
    if (chunk.length - at < HEADER_BYTES) {
      this.#headerBytes = chunk.copy(this.#header, 0, at);
      return;
    }
    this.#open(chunk, at);
    if (this.#frame !== null) this.#frameBytes = chunk.copy(this.#frame, 0, at);
  }

  /** Allocates the frame whose header is at offset `at`, and copies only the header into it. */
  #open(bytes: Buffer, at: number): void {
    const payload = this.#check(bytes, at);
    this.#frame = Buffer.allocUnsafeSlow(HEADER_BYTES + payload);
    this.#frameBytes = bytes.copy(this.#frame, 0, at, at + HEADER_BYTES);
  }

  /** Returns the length of the payload. */
  #check(bytes: Buffer, at: number): number {
    const payload = bytes.readUInt32LE(at);
    const fault = headerFault(bytes[at + 4] as number, payload, bytes.readUInt16LE(at + 6));
    if (fault !== null) {
      this.stop();
      throw ProtocolViolation({ peer: this.#peer, reason: fault });
    }
    return payload;
  }

  #emit(bytes: Buffer, at: number, end: number): void {
    const head = at + HEADER_BYTES;
    const body = head + bytes.readUInt16LE(at + 6);
    this.#sink.onFrame(bytes[at + 4] as number, bytes[at + 5] as number, bytes.readUInt32LE(at + 8), bytes, head, body, end);
  }
}
