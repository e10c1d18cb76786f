import { ProtocolViolation } from './errors.js';
import { Flag, FrameType, HEADER_BYTES, headerFault } from './frame.js';

/** If a frame with at least so many bytes spans chunks, its body comes out in pieces. */
const LARGE_BYTES = 16 * 1024;

/** Receives frames. `bytes` also contains other frames: the head of this one is `[head, body)`, its body `[body, end)`. */
export interface FrameSink {
  onFrame(type: number, flags: number, stream: number, bytes: Buffer, head: number, body: number, end: number): void;
}

/**
 * Splits bytes into frames. It knows no socket. A frame that lies in one chunk is not copied. If a small one spans several chunks, it is copied once. A
 * large body frame that spans several comes out as several frames with the same meaning, the later ones of type DATA, without a copy: new memory for each
 * frame would make the garbage collector run often.
 */
export class FrameParser {
  readonly #sink: FrameSink;
  readonly #peer: string;
  readonly #header = Buffer.allocUnsafe(HEADER_BYTES);
  #headerBytes = 0;
  /** A frame that is not complete yet, allocated at its full size. */
  #frame: Buffer | null = null;
  #frameBytes = 0;
  /** Bytes of a large frame that have not arrived; the rest has come out already. */
  #restBytes = 0;
  #restFlags = 0;
  #restStream = 0;
  #stopped = false;

  constructor(sink: FrameSink, peer = 'the peer') {
    this.#sink = sink;
    this.#peer = peer;
  }

  /** Ignores all further bytes, including the rest of the current chunk. */
  stop(): void {
    this.#stopped = true;
    this.#headerBytes = 0;
    this.#frame = null;
    this.#restBytes = 0;
  }

  /** @throws NBS_PROTOCOL at the first malformed header; after that the parser is stopped */
  feed(chunk: Buffer): void {
    let at = 0;
    if (this.#restBytes > 0) at = this.#emitRest(chunk);
    else if (this.#frame !== null || this.#headerBytes > 0) at = this.#resume(chunk);
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
    if (this.#emitPart(chunk, at)) return;
    this.#open(chunk, at);
    if (this.#frame !== null) this.#frameBytes = chunk.copy(this.#frame, 0, at);
  }

  /** Gives out what has arrived of a large body frame. Returns false if the frame must stay whole. */
  #emitPart(chunk: Buffer, at: number): boolean {
    const payload = chunk.readUInt32LE(at);
    const type = chunk[at + 4] as number;
    const flags = chunk[at + 5] as number;
    const head = at + HEADER_BYTES;
    const body = head + chunk.readUInt16LE(at + 6);
    // A call or an answer that is one frame is handled as a whole.
    const hasMore = (type === FrameType.REQUEST || type === FrameType.RESPONSE) && (flags & Flag.END) === 0;
    if (payload < LARGE_BYTES || body >= chunk.length || !(type === FrameType.DATA || hasMore)) return false;
    this.#restBytes = head + payload - chunk.length;
    this.#restFlags = flags;
    this.#restStream = chunk.readUInt32LE(at + 8);
    this.#sink.onFrame(type, flags & ~Flag.END, this.#restStream, chunk, head, body, chunk.length);
    return true;
  }

  /** Returns the offset of the first byte after the frame. */
  #emitRest(chunk: Buffer): number {
    const end = Math.min(chunk.length, this.#restBytes);
    this.#restBytes -= end;
    const flags = this.#restBytes === 0 ? this.#restFlags : this.#restFlags & ~Flag.END;
    this.#sink.onFrame(FrameType.DATA, flags, this.#restStream, chunk, 0, 0, end);
    return end;
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
