/** The part of the protobuf wire format that an ONNX file needs (https://protobuf.dev/programming-guides/encoding). */

/** One encoded field with its tag. Fields are joined in the given order, so the same input gives the same bytes. */
export type Field = Uint8Array;

/** An unsigned LEB128 varint. Negative numbers are 64-bit two's complement, as int64 fields require. */
function varint(value: number | bigint): Uint8Array {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}

/** Wire type 0: integers, booleans, enums. */
export const integerField = (number: number, value: number | bigint): Field => join([varint(number << 3), varint(value)]);

/** Wire type 5: a float. */
export function floatField(number: number, value: number): Field {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return join([varint((number << 3) | 5), bytes]);
}

/** Wire type 2: bytes, strings and messages. */
export function bytesField(number: number, value: Uint8Array | string): Field {
  const bytes = typeof value === 'string' ? new TextEncoder().encode(value) : value;
  return join([varint((number << 3) | 2), varint(bytes.length), bytes]);
}

export const messageField = (number: number, fields: readonly Field[]): Field => bytesField(number, join(fields));

export function join(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
