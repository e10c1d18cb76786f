import { InvalidTensor } from './errors.js';
import type { DataOf, DataType, Nested, Tensor } from './types.js';

type Arrays =
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
type TypeOfArray<A> = A extends Float32Array
  ? 'float32'
  : A extends Float64Array
    ? 'float64'
    : A extends Int8Array
      ? 'int8'
      : A extends Uint8Array | Uint8ClampedArray
        ? 'uint8'
        : A extends Int16Array
          ? 'int16'
          : A extends Uint16Array
            ? 'uint16'
            : A extends Int32Array
              ? 'int32'
              : A extends Uint32Array
                ? 'uint32'
                : A extends BigInt64Array
                  ? 'int64'
                  : 'uint64';
type Leaf = number | bigint | boolean | string;
type TypeOfLeaf<L> = L extends number ? 'float32' : L extends bigint ? 'int64' : L extends boolean ? 'bool' : 'string';

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

/**
 * Makes a tensor.
 * - `tensor(new Float32Array(784), [1, 1, 28, 28])`: the array is used as it is, its kind is the element type
 * - `tensor([[1, 2], [3, 4]])`: nested arrays; numbers become float32, bigints int64, booleans bool
 * - `tensor('int64', [1, 2, 3])`: element type first, where it cannot be seen from the data
 * @throws NBS_ONNX_INVALID_TENSOR where rows differ in length or the dimensions do not multiply to the length
 */
export function tensor<A extends Arrays>(data: A, dims?: readonly number[]): Tensor<TypeOfArray<A>>;
export function tensor<L extends Leaf>(data: Nested<L>, dims?: readonly number[]): Tensor<TypeOfLeaf<L>>;
export function tensor<T extends DataType>(type: T, data: Arrays | Nested<Leaf>, dims?: readonly number[]): Tensor<T>;
export function tensor(...args: readonly unknown[]): Tensor {
  const [type, data, dims] = typeof args[0] === 'string' ? args : [undefined, ...args];
  if (type !== undefined && !Object.hasOwn(makers, type as string)) {
    throw InvalidTensor({ reason: `unknown element type ${String(type)}; the types are ${dataTypes.join(', ')}` });
  }
  const made = ArrayBuffer.isView(data)
    ? fromView(data as Arrays, type as DataType | undefined)
    : fromNested(data, type as DataType | undefined);
  return dims === undefined ? made : reshape(made, dims as readonly number[]);
}

/** The same values under other dimensions. One dimension may be -1: it is worked out. */
export function reshape<T extends DataType>(value: Tensor<T>, dims: readonly number[]): Tensor<T> {
  const known = dims.reduce((product, dim) => (dim === -1 ? product : product * dim), 1);
  const shape = dims.map((dim) => (dim === -1 && known > 0 ? value.data.length / known : dim));
  if (!shape.every((dim) => Number.isInteger(dim) && dim >= 0) || sizeOf(shape) !== value.data.length) {
    throw InvalidTensor({ reason: `${value.data.length} values do not fill the dimensions [${dims.join(', ')}]` });
  }
  return { type: value.type, dims: shape, data: value.data };
}

/** Number of elements of these dimensions; 1 for a scalar. */
export function sizeOf(dims: readonly number[]): number {
  return dims.reduce((product, dim) => product * dim, 1);
}

/** Nested arrays, ready for JSON (`bool` as booleans); a scalar comes back as its value. int64 gives bigints, which JSON cannot hold. */
export function toArray(value: Tensor<'string'>): Nested<string>;
export function toArray(value: Tensor<'bool'>): Nested<boolean>;
export function toArray(value: Tensor<'int64' | 'uint64'>): Nested<bigint>;
export function toArray(
  value: Tensor<'float32' | 'float64' | 'int8' | 'uint8' | 'int16' | 'uint16' | 'int32' | 'uint32'>,
): Nested<number>;
// biome-ignore lint/suspicious/noExplicitAny: the element type of a tensor of unknown type is not known
export function toArray(value: Tensor): any;
export function toArray(value: Tensor): unknown {
  const leaf = value.type === 'bool' ? (at: number) => value.data[at] !== 0 : (at: number) => value.data[at];
  const level = (depth: number, at: number, size: number): unknown => {
    const dim = value.dims[depth];
    if (dim === undefined) return leaf(at);
    const step = dim === 0 ? 0 : size / dim;
    return Array.from({ length: dim }, (_, i) => level(depth + 1, at + i * step, step));
  };
  return level(0, 0, value.data.length);
}

/** True where `value` has a tensor's parts. */
export function isTensor(value: unknown): value is Tensor {
  if (typeof value !== 'object' || value === null) return false;
  const { type, dims, data } = value as Record<string, unknown>;
  return typeof type === 'string' && Array.isArray(dims) && (ArrayBuffer.isView(data) || Array.isArray(data));
}

function fromView(data: Arrays, type: DataType | undefined): Tensor {
  const kind = typeOfView(data);
  if (kind === undefined)
    throw InvalidTensor({ reason: `a ${data.constructor.name} is not one of the arrays that hold tensor elements` });
  if (type === undefined || type === kind) {
    const own =
      data instanceof Uint8ClampedArray || Buffer.isBuffer(data)
        ? new Uint8Array(data.buffer, data.byteOffset, data.length)
        : data;
    return { type: kind, dims: [data.length], data: own as DataOf[DataType] };
  }
  // The same bits under another name: bool in bytes, float16 in 16-bit words.
  if ((type === 'bool' && kind === 'uint8') || (type === 'float16' && kind === 'uint16'))
    return { type, dims: [data.length], data: data as DataOf[DataType] };
  return { type, dims: [data.length], data: convert(type, data as unknown as ArrayLike<Leaf>) };
}

/** By the arrays' own tag, which a Buffer and an array of another realm also carry. */
const typeOfView = (data: Arrays): DataType | undefined =>
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

function fromNested(data: unknown, type: DataType | undefined): Tensor {
  if (!Array.isArray(data)) throw InvalidTensor({ reason: 'expected a typed array or an array of numbers' });
  const dims: number[] = [];
  for (let level: unknown = data; Array.isArray(level) || ArrayBuffer.isView(level); level = (level as unknown[])[0])
    dims.push((level as unknown[]).length);
  const leaves: Leaf[] = [];
  const walk = (level: unknown, depth: number): void => {
    const rows = Array.isArray(level) || ArrayBuffer.isView(level) ? (level as unknown[]) : undefined;
    if (rows?.length !== dims[depth])
      throw InvalidTensor({ reason: `rows differ in length: the first is of shape [${dims.join(', ')}]` });
    if (rows === undefined) leaves.push(level as Leaf);
    else for (let i = 0; i < rows.length; i++) walk(rows[i], depth + 1);
  };
  walk(data, 0);
  const kind = typeof leaves[0];
  const inferred = kind === 'bigint' ? 'int64' : kind === 'boolean' ? 'bool' : kind === 'string' ? 'string' : 'float32';
  return { type: type ?? inferred, dims, data: convert(type ?? inferred, leaves) };
}

function convert(type: DataType, from: ArrayLike<Leaf>): DataOf[DataType] {
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
