import { InvalidData } from '../../lib/dist/assets/errors.js';

/** The kinds of tensors that the conversion reads, by their number in the file (GGML's `ggml_type`). */
const types = { 0: 'F32', 3: 'Q4_1', 8: 'Q8_0' } as const;
export type GgufType = (typeof types)[keyof typeof types];

/** Values that share a scale in Q4_1 and Q8_0. */
export const BLOCK = 32;
/** Bytes of a block: a float16 scale, with Q4_1 also a float16 minimum, then the codes. */
export const BLOCK_BYTES = { Q4_1: 20, Q8_0: 34 } as const;

export interface GgufTensor {
  readonly type: GgufType;
  /** Rows first, which is the reverse of the order in the file. */
  readonly dims: readonly number[];
  readonly bytes: Uint8Array;
}

export interface Gguf {
  readonly metadata: ReadonlyMap<string, unknown>;
  readonly tensors: ReadonlyMap<string, GgufTensor>;
}

const MAGIC = 0x46554747;
const DEFAULT_ALIGNMENT = 32;

/**
 * Reads a GGUF file, version 2 or 3 (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md). The tensors are views of `file`.
 * @throws NBS_DATA_INVALID
 */
export function readGguf(file: Uint8Array, source: string): Gguf {
  const fail = (reason: string) => InvalidData({ source, format: 'a GGUF file', reason });
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const decoder = new TextDecoder();
  let at = 0;
  const take = <T>(bytes: number, read: (offset: number) => T): T => {
    if (at + bytes > file.length) throw fail('it is cut off');
    at += bytes;
    return read(at - bytes);
  };
  const u32 = () => take(4, (offset) => view.getUint32(offset, true));
  const u64 = () => Number(take(8, (offset) => view.getBigUint64(offset, true)));
  const text = () => {
    const length = u64();
    return take(length, (offset) => decoder.decode(file.subarray(offset, offset + length)));
  };
  const readers: readonly (() => unknown)[] = [
    () => take(1, (offset) => view.getUint8(offset)),
    () => take(1, (offset) => view.getInt8(offset)),
    () => take(2, (offset) => view.getUint16(offset, true)),
    () => take(2, (offset) => view.getInt16(offset, true)),
    u32,
    () => take(4, (offset) => view.getInt32(offset, true)),
    () => take(4, (offset) => view.getFloat32(offset, true)),
    () => take(1, (offset) => view.getUint8(offset) !== 0),
    text,
    () => {
      const read = readerOf(u32());
      return Array.from({ length: u64() }, () => read());
    },
    u64,
    () => Number(take(8, (offset) => view.getBigInt64(offset, true))),
    () => take(8, (offset) => view.getFloat64(offset, true)),
  ];
  const readerOf = (type: number) => {
    const read = readers[type];
    if (read === undefined) throw fail(`it has a value of the unknown type ${type}`);
    return read;
  };

  if (u32() !== MAGIC) throw fail('it does not begin with GGUF');
  const version = u32();
  if (version !== 2 && version !== 3) throw fail(`its version is ${version}, and only 2 and 3 are read`);
  const [tensorCount, valueCount] = [u64(), u64()];
  const metadata = new Map<string, unknown>();
  for (let i = 0; i < valueCount; i += 1) {
    const key = text();
    metadata.set(key, readerOf(u32())());
  }
  const infos = Array.from({ length: tensorCount }, () => {
    const name = text();
    const dims = Array.from({ length: u32() }, u64).reverse();
    return { name, dims, type: u32(), offset: u64() };
  });
  const alignment = (metadata.get('general.alignment') as number | undefined) ?? DEFAULT_ALIGNMENT;
  const start = Math.ceil(at / alignment) * alignment;
  const tensors = new Map<string, GgufTensor>();
  for (const { name, dims, type: number, offset } of infos) {
    const type = (types as Readonly<Record<number, GgufType>>)[number];
    if (type === undefined) throw fail(`tensor ${name} has the type ${number}; ${Object.values(types).join(', ')} are read`);
    const values = dims.reduce((product, dim) => product * dim, 1);
    const length = type === 'F32' ? values * 4 : (values / BLOCK) * BLOCK_BYTES[type];
    const bytes = file.subarray(start + offset, start + offset + length);
    if (bytes.length !== length) throw fail(`tensor ${name} is cut off`);
    tensors.set(name, { type, dims, bytes });
  }
  return { metadata, tensors };
}
