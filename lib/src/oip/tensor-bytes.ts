import { endianness } from 'node:os';
import type { DataOf, DataType, Tensor } from '../onnx/index.js';
import { widthOf } from './data-types.js';
import { BadInference } from './errors.js';

type Numbers = Exclude<DataOf[DataType], readonly string[]>;
type View = new (buffer: ArrayBufferLike, byteOffset: number, length: number) => Numbers;

const VIEWS: { readonly [T in Exclude<DataType, 'string'>]: View } = {
  bool: Uint8Array,
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  uint64: BigUint64Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  float16: Uint16Array,
  float32: Float32Array,
  float64: Float64Array,
};

const LENGTH_BYTES = 4;
const isBigEndian = endianness() === 'BE';
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * The elements in the protocol's bytes: row-major and little-endian; BYTES are texts in UTF-8 with a length of 4 bytes before each.
 * The result may share the memory of `bytes`.
 * @throws NBS_OIP_BAD_REQUEST if they are not exactly `count` elements
 */
export function elementsOf(name: string, type: DataType, count: number, bytes: Uint8Array): DataOf[DataType] {
  if (type === 'string') return textsOf(name, count, bytes);
  const width = widthOf(type);
  if (bytes.length !== count * width)
    throw BadInference({
      reason: `input ${name} has ${bytes.length} bytes of data, and its shape needs ${count} elements of ${width} bytes: ${count * width}`,
    });
  const isAligned = bytes.byteOffset % width === 0;
  const { buffer, byteOffset } = isAligned ? bytes : new Uint8Array(bytes);
  const own = isBigEndian ? swapped(new Uint8Array(buffer, byteOffset, bytes.length), width) : { buffer, byteOffset };
  return new VIEWS[type](own.buffer, own.byteOffset, count) as DataOf[DataType];
}

function textsOf(name: string, count: number, bytes: Uint8Array): readonly string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const texts: string[] = [];
  let at = 0;
  while (at < bytes.length) {
    const length = at + LENGTH_BYTES <= bytes.length ? view.getUint32(at, true) : Number.NaN;
    const start = at + LENGTH_BYTES;
    if (!(start + length <= bytes.length))
      throw BadInference({
        reason: `element ${texts.length} of input ${name} goes beyond the end of its data: each element has its length in 4 bytes, and then its bytes`,
      });
    texts.push(textOf(name, bytes.subarray(start, start + length)));
    at = start + length;
    if (texts.length > count) break;
  }
  if (texts.length !== count)
    throw BadInference({
      reason: `input ${name} has ${texts.length > count ? 'more' : texts.length} elements, and its shape needs ${count}`,
    });
  return texts;
}

/** @throws NBS_OIP_BAD_REQUEST, because ONNX Runtime's texts are UTF-8 */
export function textOf(name: string, bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw BadInference({
      reason: `an element of input ${name} is not UTF-8, which the texts of an ONNX model are`,
    });
  }
}

/** The protocol's bytes of a tensor. They share its memory if they can. */
export function bytesOf({ type, data }: Tensor): Uint8Array {
  if (type !== 'string') {
    const { buffer, byteOffset, byteLength } = data as Numbers;
    const bytes = new Uint8Array(buffer, byteOffset, byteLength);
    return isBigEndian ? swapped(bytes, widthOf(type)) : bytes;
  }
  const pieces = (data as readonly string[]).flatMap((text) => {
    const bytes = Buffer.from(text);
    const length = Buffer.alloc(LENGTH_BYTES);
    length.writeUInt32LE(bytes.length);
    return [length, bytes];
  });
  return Buffer.concat(pieces);
}

/** A copy with the bytes of each element in the other order. */
function swapped(bytes: Uint8Array, width: number): Uint8Array {
  const copy = new Uint8Array(bytes);
  for (let at = 0; at < copy.length; at += width) copy.subarray(at, at + width).reverse();
  return copy;
}
