/** The part of the protobuf wire format that an ONNX file needs (https://protobuf.dev/programming-guides/encoding). */

/** One encoded field with its tag, as pieces that are not copied before the whole is written: a model's weights can be half a gigabyte. */
export interface Field {
  readonly length: number;
  readonly pieces: readonly Uint8Array[];
}

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

const lengthOf = (parts: readonly { readonly length: number }[]): number => parts.reduce((sum, { length }) => sum + length, 0);
const field = (...pieces: readonly Uint8Array[]): Field => ({ length: lengthOf(pieces), pieces });

/** Wire type 0: integers, booleans, enums. */
export const integerField = (number: number, value: number | bigint): Field => field(varint(number << 3), varint(value));

/** Wire type 5: a float. */
export function floatField(number: number, value: number): Field {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return field(varint((number << 3) | 5), bytes);
}

/** A field with many integers, each with its tag, in one piece: a model of trees has a hundred thousand of them. */
export function integersField(number: number, values: readonly (number | bigint)[]): Field {
  const tag = varint(number << 3);
  const parts = values.map((value) => (typeof value === 'number' && value >= 0 && value < 0x80 ? value : varint(value)));
  const length = parts.reduce<number>((sum, part) => sum + tag.length + (typeof part === 'number' ? 1 : part.length), 0);
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(tag, at);
    at += tag.length;
    if (typeof part === 'number') bytes[at++] = part;
    else {
      bytes.set(part, at);
      at += part.length;
    }
  }
  return field(bytes);
}

/** A field with many floats, each with its tag, in one piece. */
export function floatsField(number: number, values: readonly number[]): Field {
  const tag = varint((number << 3) | 5);
  const step = tag.length + 4;
  const bytes = new Uint8Array(values.length * step);
  const view = new DataView(bytes.buffer);
  values.forEach((value, i) => {
    bytes.set(tag, i * step);
    view.setFloat32(i * step + tag.length, value, true);
  });
  return field(bytes);
}

/** A field with many texts, each with its tag. Equal ones share their bytes. */
export function textsField(number: number, values: readonly string[]): Field {
  const known = new Map<string, Field>();
  const fields = values.map((value) => {
    const found = known.get(value) ?? bytesField(number, value);
    known.set(value, found);
    return found;
  });
  return field(join(fields));
}

/** Wire type 2: bytes, strings and messages. */
export function bytesField(number: number, value: Uint8Array | string): Field {
  const bytes = typeof value === 'string' ? new TextEncoder().encode(value) : value;
  return field(varint((number << 3) | 2), varint(bytes.length), bytes);
}

/** A message in a message. Its fields are in the given order, so the same input gives the same bytes. */
export function messageField(number: number, fields: readonly Field[]): Field {
  const head = field(varint((number << 3) | 2), varint(lengthOf(fields)));
  // A list of nodes of trees has more pieces than a call may have arguments.
  return { length: head.length + lengthOf(fields), pieces: head.pieces.concat(fields.flatMap(({ pieces }) => pieces)) };
}

/** The bytes of a message. */
export function join(fields: readonly Field[]): Uint8Array {
  const whole = new Uint8Array(lengthOf(fields));
  let at = 0;
  for (const piece of fields.flatMap(({ pieces }) => pieces)) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** A field that was read: integers as bigints, everything of a fixed or given length as its bytes, which are not copied. */
export interface ReadField {
  readonly number: number;
  readonly value: bigint | Uint8Array;
}

export const textOf = ({ value }: ReadField): string => new TextDecoder().decode(value as Uint8Array);

/** The fields of a message, in the order of the bytes. @throws RangeError, TypeError if they are not a message */
export function fieldsOf(bytes: Uint8Array): ReadField[] {
  const fields: ReadField[] = [];
  let at = 0;
  const readVarint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[at++];
      if (byte === undefined) break;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new RangeError('it ends within a number');
  };
  const take = (length: number): Uint8Array => {
    if (at + length > bytes.length) throw new RangeError(`it ends ${at + length - bytes.length} bytes too early`);
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const tag = Number(readVarint());
    const [number, wireType] = [Math.floor(tag / 8), tag % 8];
    if (wireType === 0) fields.push({ number, value: readVarint() });
    else if (wireType === 1) fields.push({ number, value: take(8) });
    else if (wireType === 2) fields.push({ number, value: take(Number(readVarint())) });
    else if (wireType === 5) fields.push({ number, value: take(4) });
    else throw new TypeError(`it has a field of the unknown wire type ${wireType}`);
  }
  return fields;
}
