import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** Bytes of a file that are read at a time. Weights are larger, and are skipped without being read. */
const WINDOW_BYTES = 64 * 1024;

/**
 * Reads parts of a model, from a file without its weights: those that nobody asks for are skipped.
 * @throws RangeError if the bytes are no message
 */
export function readParts<T>(source: string | Uint8Array, read: (bytes: Bytes) => T): T {
  if (typeof source !== 'string') return read(new Bytes(source.length, (at) => source.subarray(at)));
  const file = openSync(source, 'r');
  try {
    const { size } = fstatSync(file);
    return read(
      new Bytes(size, (at, least) => {
        const window = Buffer.allocUnsafe(Math.max(least, WINDOW_BYTES));
        return window.subarray(0, readSync(file, window, 0, window.length, at));
      }),
    );
  } finally {
    closeSync(file);
  }
}

/** The bytes of a model, of which only a window is in memory. */
export class Bytes {
  #window: Uint8Array = new Uint8Array();
  #start = 0;
  readonly #read: (at: number, least: number) => Uint8Array;
  at = 0;

  /** @param read the bytes from a place on, at least so many unless the source ends */
  constructor(
    readonly length: number,
    read: (at: number, least: number) => Uint8Array,
  ) {
    this.#read = read;
  }

  byte(): number {
    return this.take(1)[0] as number;
  }

  take(count: number): Uint8Array {
    if (!(this.at + count <= this.length)) throw new RangeError('it ends too early');
    if (this.at < this.#start || this.at + count > this.#start + this.#window.length) {
      this.#window = this.#read(this.at, count);
      this.#start = this.at;
      if (this.#window.length < count) throw new RangeError('it ends too early');
    }
    const from = this.at - this.#start;
    this.at += count;
    return this.#window.subarray(from, from + count);
  }
}

/** One field. A value of a given length is not read yet: it is from `start` to `end`. */
export interface Part {
  readonly number: number;
  readonly integer: bigint;
  readonly start: number;
  readonly end: number;
}

/** Calls `visit` with each field between two places. Those that it does not read are skipped. */
export function eachField(bytes: Bytes, end: number, visit: (part: Part) => void): void {
  while (bytes.at < end) {
    const tag = Number(varint(bytes));
    const [number, wireType] = [Math.floor(tag / 8), tag % 8];
    const integer = wireType === 0 ? varint(bytes) : 0n;
    const length = wireType === 1 ? 8 : wireType === 5 ? 4 : wireType === 2 ? Number(varint(bytes)) : 0;
    const start = bytes.at;
    if (number === 0 || ![0, 1, 2, 5].includes(wireType) || start + length > end) throw new RangeError('it is no message');
    visit({ number, integer, start, end: start + length });
    bytes.at = start + length;
  }
}

function varint(bytes: Bytes): bigint {
  let value = 0n;
  for (let shift = 0n; shift < 70n; shift += 7n) {
    const byte = bytes.byte();
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  throw new RangeError('a number is too long');
}

export function textOfPart(bytes: Bytes, { start, end }: Part): string {
  bytes.at = start;
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes.take(end - start));
}
