import { decodeValue, encodeValue, type ValueCodec } from './values.js';

/** One item of an `items` body: u32 length (little-endian), then `encodeValue`. */
export function encodeItem(value: unknown, codec?: ValueCodec): Uint8Array {
  const bytes = encodeValue(value, codec);
  const item = Buffer.allocUnsafe(4 + bytes.length);
  item.writeUInt32LE(bytes.length, 0);
  item.set(bytes, 4);
  return item;
}

/** Cuts an `items` body back into values, however it was split. */
export class ItemDecoder {
  #rest: Buffer = Buffer.alloc(0);
  readonly #codec: ValueCodec | undefined;

  constructor(codec?: ValueCodec) {
    this.#codec = codec;
  }

  /** The values that are complete with this chunk. @throws NBS_INVALID_VALUE */
  feed(chunk: Uint8Array): unknown[] {
    let bytes =
      this.#rest.length === 0 ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length) : Buffer.concat([this.#rest, chunk]);
    const values: unknown[] = [];
    while (bytes.length >= 4) {
      const end = 4 + bytes.readUInt32LE(0);
      if (bytes.length < end) break;
      values.push(decodeValue(bytes.subarray(4, end), this.#codec));
      bytes = bytes.subarray(end);
    }
    this.#rest = bytes;
    return values;
  }
}
