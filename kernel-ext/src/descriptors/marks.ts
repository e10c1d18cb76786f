import { randomBytes } from 'node:crypto';
import { writeSync } from 'node:fs';

/** How many hexadecimal digits the number in a mark has. */
const DIGITS = 8;
const RETRY_MS = 1;

// Saved now, because user code may replace it.
const write = writeSync;
const pause = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));

/** The descriptors to which marks are written: stdout and stderr. */
export const MARKED_FDS = [1, 2] as const;

/**
 * A mark is written into a pipe and says that the message with this number was sent at this place in the output. Messages do not go through the pipe in
 * which children and native code print, and the marks bring both into one order.
 * @param secret a text that nothing else prints
 */
const markOf = (secret: string, number: number): string => secret + (number >>> 0).toString(16).padStart(DIGITS, '0');

/** The number of a message, and the descriptors among whose bytes its place is marked. */
export interface Mark {
  readonly number: number;
  readonly marked: readonly number[];
}

/** Writes marks to the descriptors 1 and 2. */
export class MarkWriter {
  readonly #secret: string;
  readonly #fds: readonly number[];
  #number = 0;

  /** @param fds the descriptors that lead to a pipe which is read */
  constructor(secret: string, fds: readonly number[] = MARKED_FDS) {
    this.#secret = secret;
    this.#fds = fds;
  }

  /** Marks the place of the next message. @returns its number, and the descriptors with the mark (user code may have closed one) */
  mark(): Mark {
    this.#number += 1;
    const mark = markOf(this.#secret, this.#number);
    return { number: this.#number, marked: this.#fds.filter((fd) => writeAll(fd, mark)) };
  }
}

/** Writes to a pipe whose other end is always read. @returns false if it is closed */
function writeAll(fd: number, text: string): boolean {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; ) {
    try {
      // Up to 4 KiB, such as a mark, are written completely or not at all.
      at += write(fd, bytes, at);
    } catch (error) {
      // A child that is a Node process has made the pipe non-blocking.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return false;
      Atomics.wait(pause, 0, 0, RETRY_MS);
    }
  }
  return true;
}

/** A text that nothing else prints. */
export const newSecret = (): string => `\x1b_nbserve ${randomBytes(12).toString('base64')} `;

/** A part of a pipe's content: bytes, or the mark of a message. */
export type PipeItem = { readonly bytes: Buffer } | { readonly mark: number };

/** Finds the marks in the bytes of a pipe. The bytes may come in any pieces. */
export class MarkReader {
  readonly #secret: Buffer;
  readonly #length: number;
  #rest: Buffer = Buffer.alloc(0);

  constructor(secret: string) {
    this.#secret = Buffer.from(secret, 'latin1');
    this.#length = this.#secret.length + DIGITS;
  }

  push(chunk: Buffer): PipeItem[] {
    const items: PipeItem[] = [];
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    for (;;) {
      const at = bytes.indexOf(this.#secret);
      if (at === -1 || at + this.#length > bytes.length) {
        const kept = at === -1 ? this.#beginning(bytes) : bytes.length - at;
        const end = bytes.length - kept;
        if (end > 0) items.push({ bytes: bytes.subarray(0, end) });
        this.#rest = bytes.subarray(end);
        return items;
      }
      if (at > 0) items.push({ bytes: bytes.subarray(0, at) });
      const digits = bytes.toString('latin1', at + this.#secret.length, at + this.#length);
      items.push({ mark: Number.parseInt(digits, 16) });
      bytes = bytes.subarray(at + this.#length);
    }
  }

  /** The bytes that were kept because they could be the beginning of a mark. Call this at the end of the pipe. */
  flush(): PipeItem[] {
    const bytes = this.#rest;
    this.#rest = Buffer.alloc(0);
    return bytes.length === 0 ? [] : [{ bytes }];
  }

  /** How many bytes at the end may be the beginning of a mark. */
  #beginning(bytes: Buffer): number {
    for (let length = Math.min(this.#secret.length - 1, bytes.length); length > 0; length -= 1) {
      if (bytes.subarray(bytes.length - length).equals(this.#secret.subarray(0, length))) return length;
    }
    return 0;
  }
}
