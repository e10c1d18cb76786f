import { aboutInput } from '../core/index.js';
import { InvalidTensor } from './errors.js';
import { toFloat16 } from './float16.js';
import type { DataOf, DataType } from './types.js';

/** The `Float16Array` of Node 24, which the types of Node 20 do not have. */
export interface HalfArray {
  readonly [Symbol.toStringTag]: 'Float16Array';
  readonly buffer: ArrayBufferLike;
  readonly byteOffset: number;
  readonly byteLength: number;
  readonly length: number;
}

/** The arrays that can hold a tensor's elements. */
export type Arrays =
  | HalfArray
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
/** One element, as a JavaScript value. */
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

/** Makes an array of `size` elements of `type`, all zero. */
export function allocate<T extends DataType>(type: T, size: number): DataOf[T] {
  return makers[type](size);
}

const TYPED = Object.getPrototypeOf(Uint8Array.prototype) as Uint8Array;

/** A copy of a list or of a typed array. The `slice` of a Buffer would be a view of the same memory. */
export const copyOf = <T>(data: T): T => (Array.isArray(data) ? data.slice() : TYPED.slice.call(data)) as T;

/** The element type of an array, by the array's own tag: a Buffer and an array of another realm have it too. */
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
      Float16Array: 'float16',
      BigInt64Array: 'int64',
      BigUint64Array: 'uint64',
    }) as const
  )[data[Symbol.toStringTag] as string as 'Float32Array'] as DataType | undefined;

/** Returns an element as the array of its type holds it; `undefined` if the type cannot hold it. */
type Check = (value: Leaf) => Leaf | undefined;

// Typed arrays wrap or truncate a value that does not fit, without an error.
function integers(bits: number, signed: boolean): Check {
  const min = signed ? -(2 ** (bits - 1)) : 0;
  const max = 2 ** (signed ? bits - 1 : bits) - 1;
  return (value) => {
    const number = toNumber(value);
    return Number.isInteger(number) && number >= min && number <= max ? number : undefined;
  };
}

function bigIntegers(signed: boolean): Check {
  const fits = signed ? (value: bigint) => BigInt.asIntN(64, value) : (value: bigint) => BigInt.asUintN(64, value);
  return (value) => {
    // A number above 2^53 can stand for several integers, so it is not clear which one was meant.
    if (typeof value === 'number' ? !Number.isSafeInteger(value) : typeof value === 'string') return undefined;
    const integer = BigInt(value);
    return fits(integer) === integer ? integer : undefined;
  };
}

/** Numbers are rounded to the type. A number that is too large for it is refused, because it would become infinity. */
function floats(limit: number): Check {
  return (value) => {
    const number = toNumber(value);
    if (number < limit && number > -limit) return number;
    return typeof value === 'number' && !Number.isFinite(value) ? value : undefined;
  };
}

const toNumber = (value: Leaf): number => (typeof value === 'string' ? Number.NaN : Number(value));

const checks: { readonly [T in DataType]: Check } = {
  float32: floats(2 ** 128 - 2 ** 103),
  float64: floats(Number.POSITIVE_INFINITY),
  float16: floats(65_520),
  int8: integers(8, true),
  uint8: integers(8, false),
  int16: integers(16, true),
  uint16: integers(16, false),
  int32: integers(32, true),
  uint32: integers(32, false),
  int64: bigIntegers(true),
  uint64: bigIntegers(false),
  bool: (value) => (typeof value === 'string' || (Number(value) !== 0 && Number(value) !== 1) ? undefined : Number(value)),
  // The runtime's binding would end the text at this character, without an error.
  string: (value) => (typeof value === 'string' && !value.includes('\0') ? value : undefined),
};

/**
 * Converts elements to `type`. For float16, numbers become bits.
 * @param dims the dimensions of `from`, to name the place of an element that does not fit
 * @throws NBS_ONNX_INVALID_TENSOR if `type` cannot hold an element
 */
export function convert(type: DataType, from: ArrayLike<Leaf>, dims: readonly number[] = [from.length]): DataOf[DataType] {
  const to = (type === 'float16' ? new Float64Array(from.length) : allocate(type, from.length)) as unknown as Leaf[];
  const check = checks[type];
  for (let i = 0; i < from.length; i += 1) {
    const value = from[i] as Leaf;
    const element = isLeaf(value) ? check(value) : undefined;
    if (element === undefined)
      throw aboutInput(InvalidTensor({ reason: `element ${placeOf(i, dims)} ${mismatch(type, value)}` }));
    to[i] = element;
  }
  return (type === 'float16' ? toFloat16(to as unknown as number[]) : to) as unknown as DataOf[DataType];
}

const isLeaf = (value: unknown): boolean =>
  value !== null && value !== undefined && typeof value !== 'object' && typeof value !== 'function' && typeof value !== 'symbol';

/** The place of an element: `3` in a row, `[1][3]` in rows. */
function placeOf(index: number, dims: readonly number[]): string {
  if (dims.length < 2) return String(index);
  let rest = index;
  const places = dims.toReversed().map((dim) => {
    const at = rest % dim;
    rest = (rest - at) / dim;
    return `[${at}]`;
  });
  return places.toReversed().join('');
}

function mismatch(type: DataType, value: unknown): string {
  const kind = typeof value;
  if (value === null) return `is null, which ${type} cannot hold`;
  if (typeof value === 'string' && type === 'string') return 'contains the character U+0000, at which ONNX Runtime ends a text';
  if (kind !== 'number' && kind !== 'bigint') return `is of type ${kind}, which ${type} cannot hold`;
  if (type === 'string') return `is of type ${kind}, which string cannot hold`;
  const hint =
    kind === 'number' && (type === 'int64' || type === 'uint64') && Math.abs(value as number) > Number.MAX_SAFE_INTEGER
      ? '; give integers beyond 2^53 as bigints'
      : '';
  return `is ${String(value)}, which ${type} cannot hold${hint}`;
}

/** Checks the bytes of booleans. @throws NBS_ONNX_INVALID_TENSOR if one is neither 0 nor 1 */
export function checkBooleans(bytes: Uint8Array): Uint8Array {
  for (let i = 0; i < bytes.length; i += 1) {
    if ((bytes[i] as number) > 1) throw aboutInput(InvalidTensor({ reason: `element ${i} ${mismatch('bool', bytes[i])}` }));
  }
  return bytes;
}
