import { InvalidData } from './errors.js';

/** Bytes with their dimensions, in the format of MNIST's files (http://yann.lecun.com/exdb/mnist: big-endian sizes, row-major bytes). */
export interface Idx {
  readonly dims: readonly number[];
  readonly data: Uint8Array;
}

const UNSIGNED_BYTE = 0x08;

/** @throws NBS_DATA_INVALID */
export function readIdx(bytes: Uint8Array, source: string): Idx {
  const fail = (reason: string) => InvalidData({ source, format: 'IDX', reason });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 4 || view.getUint16(0) !== 0) throw fail('it does not begin with two zero bytes');
  if (bytes[2] !== UNSIGNED_BYTE)
    throw fail(`its elements are of type 0x${(bytes[2] as number).toString(16)}, only unsigned bytes (0x8) are read`);
  const rank = bytes[3] as number;
  const start = 4 + 4 * rank;
  if (bytes.length < start) throw fail('its header is cut off');
  const dims = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  const size = dims.reduce((product, dim) => product * dim, 1);
  if (bytes.length !== start + size)
    throw fail(`its dimensions [${dims.join(', ')}] need ${size} bytes, it has ${bytes.length - start}`);
  return { dims, data: bytes.subarray(start) };
}

export function writeIdx({ dims, data }: Idx): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * dims.length + data.length);
  const view = new DataView(bytes.buffer);
  bytes[2] = UNSIGNED_BYTE;
  bytes[3] = dims.length;
  for (const [axis, dim] of dims.entries()) view.setUint32(4 + 4 * axis, dim);
  bytes.set(data, 4 + 4 * dims.length);
  return bytes;
}

/** The first `count` rows. */
export function idxHead({ dims, data }: Idx, count: number): Idx {
  const rows = Math.min(count, dims[0] ?? 0);
  const step = data.length / (dims[0] ?? 1);
  return { dims: [rows, ...dims.slice(1)], data: data.subarray(0, rows * step) };
}
