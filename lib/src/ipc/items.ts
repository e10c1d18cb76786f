import { ByteQueue } from './byte-queue.js';
import { InvalidValue } from './errors.js';
import { decodeValue, encodeValue, type ValueCodec } from './values.js';

/** Size of the length in front of an item. */
const LENGTH_BYTES = 4;
/** The same limit as for a body that is read as a whole. */
const MAX_ITEM_BYTES = 1024 * 1024 * 1024;

/** One item of an `items` body: u32 length (little-endian), then `encodeValue`. */
export function encodeItem(value: unknown, codec?: ValueCodec): Uint8Array {
  const bytes = encodeValue(value, codec);
  const item = Buffer.allocUnsafe(LENGTH_BYTES + bytes.length);
  item.writeUInt32LE(bytes.length, 0);
  item.set(bytes, LENGTH_BYTES);
  return item;
}

/** Splits an `items` body into values, however its bytes are divided into chunks. */
export class ItemDecoder {
  readonly #rest = new ByteQueue();
  /** Number of bytes that must have arrived before the next step. With it, an item that arrives in many pieces is joined only once. */
  #wanted = LENGTH_BYTES;
  readonly #codec: ValueCodec | undefined;

  constructor(codec?: ValueCodec) {
    this.#codec = codec;
  }

  /** The values that are complete with this chunk. @throws NBS_INVALID_VALUE */
  feed(chunk: Uint8Array): unknown[] {
    let piece = chunk;
    if (this.#rest.length > 0) {
      this.#rest.push(chunk, true);
      if (this.#rest.length < this.#wanted) return [];
      piece = this.#rest.takeAll();
    }
    let bytes = Buffer.from(piece.buffer, piece.byteOffset, piece.length);
    const values: unknown[] = [];
    this.#wanted = LENGTH_BYTES;
    while (bytes.length >= LENGTH_BYTES) {
      const end = LENGTH_BYTES + bytes.readUInt32LE(0);
      if (end > MAX_ITEM_BYTES) throw InvalidValue({ reason: `an item of ${end} bytes, over the limit of ${MAX_ITEM_BYTES}` });
      if (bytes.length < end) {
        this.#wanted = end;
        break;
      }
      values.push(decodeValue(bytes.subarray(LENGTH_BYTES, end), this.#codec));
      bytes = bytes.subarray(end);
    }
    this.#rest.push(bytes, true);
    return values;
  }
}
