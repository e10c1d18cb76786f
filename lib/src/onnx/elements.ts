import { InvalidTensor } from './errors.js';
import type { DataOf, DataType } from './types.js';

/** The arrays that hold elements. */
export type Arrays =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;
/** One element as JavaScript has it. */
export type Leaf = number | bigint | boolean | string;

const makers: { readonly [T in DataType]: (size: number) => DataOf[T] } = {
  float32: (n) => new Float32Array(n),
  float64: (n) => new Float64Array(n),
  float16: (n) => new Uint16Array(n),
  int8: (n) => new Int8Array(n),
  uint8: (n) => new Uint8Array(n),
  int16: (n) => new Int16Array(n),
  uint16: (n) => new Uint16Array(n),
  int32: (n) => new Int32Array(n),
  uint32: (n) => new Uint32Array(n),
  int64: (n) => new BigInt64Array(n),
  uint64: (n) => new BigUint64Array(n),
  bool: (n) => new Uint8Array(n),
  string: (n) => new Array<string>(n).fill(''),
};

export const dataTypes = Object.keys(makers) as readonly DataType[];

/** Room for `size` elements of `type`, all zero. */
export function allocate<T extends DataType>(type: T, size: number): DataOf[T] {
  return makers[type](size);
}

/** By the arrays' own tag, which a Buffer and an array of another realm also carry. */
export const typeOfView = (data: Arrays): DataType | undefined =>
  (
    ({
      Float32Array: 'float32',
      Float64Array: 'float64',
      Int8Array: 'int8',
      Uint8Array: 'uint8',
      Uint8ClampedArray: 'uint8',
      Int16Array: 'int16',
      Uint16Array: 'uint16',
      Int32Array: 'int32',
      Uint32Array: 'uint32',
      BigInt64Array: 'int64',
      BigUint64Array: 'uint64',
    }) as const
  )[data[Symbol.toStringTag] as string as 'Float32Array'] as DataType | undefined;

/** Elements of nested arrays, or of an array of another type, as `type`. */
export function convert(type: DataType, from: ArrayLike<Leaf>): DataOf[DataType] {
  if (type === 'float16') throw InvalidTensor({ reason: 'float16 is given as a Uint16Array of its bits' });
  const to = allocate(type, from.length) as unknown as Leaf[];
  for (let i = 0; i < from.length; i++) {
    const value = from[i] as Leaf;
    if (
      (type === 'string') !== (typeof value === 'string') ||
      value === null ||
      typeof value === 'object' ||
      value === undefined
    ) {
      throw InvalidTensor({
        reason: `element ${i} is ${value === null ? 'null' : `of type ${typeof value}`}, which ${type} cannot hold`,
      });
    }
    to[i] =
      type === 'string'
        ? value
        : type === 'int64' || type === 'uint64'
          ? BigInt(value)
          : type === 'bool'
            ? Number(Boolean(value))
            : Number(value);
  }
  return to as unknown as DataOf[DataType];
}
