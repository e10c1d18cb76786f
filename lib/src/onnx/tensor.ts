import { aboutInput } from '../core/index.js';
import { type Arrays, checkBooleans, convert, dataTypes, type HalfArray, type Leaf, typeOfView } from './elements.js';
import { InvalidTensor } from './errors.js';
import { bitsOf, fromFloat16 } from './float16.js';
import { faultOf, inheritSizes, markShapedByData } from './shaped-by-data.js';
import type { DataOf, DataType, Nested, Tensor } from './types.js';

type TypeOfArray<A> = A extends Float32Array
  ? 'float32'
  : A extends HalfArray
    ? 'float16'
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
type TypeOfLeaf<L> = L extends number ? 'float32' : L extends bigint ? 'int64' : L extends boolean ? 'bool' : 'string';

/**
 * Makes a tensor.
 * - `tensor(new Float32Array(784), [1, 1, 28, 28])`: the array is not copied, and its type gives the element type
 * - `tensor([[1, 2], [3, 4]])`: nested arrays; numbers become float32, bigints int64, booleans bool
 * - `tensor('int64', [1, 2, 3])`: the element type first, if the data does not show it
 * - `tensor('float16', [1.5, 2.5])`: numbers are rounded to the nearest half; a `Uint16Array` is taken as the bits themselves
 * @throws NBS_ONNX_INVALID_TENSOR if rows differ in length, if the dimensions do not multiply to the length, or if the type cannot hold an element
 * (300 as uint8, 1.5 as int32, 2 as bool). If your code does not catch it, the HTTP client gets status 400.
 */
export function tensor<A extends Arrays>(data: A, dims?: readonly number[]): Tensor<TypeOfArray<A>>;
export function tensor<L extends Leaf>(data: Nested<L>, dims?: readonly number[]): Tensor<TypeOfLeaf<L>>;
export function tensor<T extends DataType>(type: T, data: Arrays | Nested<Leaf>, dims?: readonly number[]): Tensor<T>;
export function tensor(...args: readonly unknown[]): Tensor {
  const [type, data, dims] = typeof args[0] === 'string' && args.length > 1 ? args : [undefined, ...args];
  if (type !== undefined && !dataTypes.includes(type as DataType)) {
    throw InvalidTensor({ reason: `unknown element type ${String(type)}; the types are ${dataTypes.join(', ')}` });
  }
  const made = ArrayBuffer.isView(data)
    ? fromView(data as Arrays, type as DataType | undefined)
    : fromNested(data, type as DataType | undefined);
  markShapedByData(made, type !== undefined || ArrayBuffer.isView(data));
  return dims === undefined ? made : reshape(made, dims as readonly number[]);
}

/** A tensor with the same values, in the same memory, and other dimensions. One dimension may be -1; it is computed from the others. */
export function reshape<T extends DataType>(value: Tensor<T>, dims: readonly number[]): Tensor<T> {
  const known = dims.reduce((product, dim) => (dim === -1 ? product : product * dim), 1);
  const shape = dims.map((dim) => (dim === -1 && known > 0 ? value.data.length / known : dim));
  if (!shape.every((dim) => Number.isInteger(dim) && dim >= 0) || sizeOf(shape) !== value.data.length) {
    throw aboutInput(InvalidTensor({ reason: `${value.data.length} values do not fill the dimensions [${dims.join(', ')}]` }));
  }
  return inheritSizes({ type: value.type, dims: shape, data: value.data }, value, dims);
}

/** The number of elements for these dimensions; 1 for a scalar. */
export function sizeOf(dims: readonly number[]): number {
  return dims.reduce((product, dim) => product * dim, 1);
}

/**
 * The elements of a tensor as its type holds them. Plain numbers, which only a tensor that came as JSON has, are converted.
 * @throws NBS_ONNX_INVALID_TENSOR if they do not fill the dimensions, or if the type cannot hold one of them
 */
export function elementsOf<T extends DataType>(value: Tensor<T>): DataOf[T] {
  const { type, dims, data } = value;
  if (!dims.every((dim) => Number.isSafeInteger(dim) && dim >= 0) || data.length !== sizeOf(dims)) {
    const error = InvalidTensor({ reason: `${data.length} values do not fill the dimensions [${dims.join(', ')}]` });
    throw faultOf(error, [value]);
  }
  if (type === 'string' || !Array.isArray(data)) return data;
  if (!dataTypes.includes(type))
    throw aboutInput(InvalidTensor({ reason: `unknown element type ${String(type)}; the types are ${dataTypes.join(', ')}` }));
  return convert(type, data as ArrayLike<Leaf>, dims) as DataOf[T];
}

/** A tensor as nested arrays for JSON, with booleans for `bool` and numbers for `float16`. A scalar gives its value. int64 gives bigints, which JSON cannot hold. */
export function toArray(value: Tensor<'string'>): Nested<string>;
export function toArray(value: Tensor<'bool'>): Nested<boolean>;
export function toArray(value: Tensor<'int64' | 'uint64'>): Nested<bigint>;
export function toArray(
  value: Tensor<'float32' | 'float64' | 'float16' | 'int8' | 'uint8' | 'int16' | 'uint16' | 'int32' | 'uint32'>,
): Nested<number>;
// biome-ignore lint/suspicious/noExplicitAny: the element type of a tensor of unknown type is not known
export function toArray(value: Tensor): any;
export function toArray(value: Tensor): unknown {
  const elements = elementsOf(value);
  const data = value.type === 'float16' ? fromFloat16(bitsOf(elements) as Uint16Array) : elements;
  const leaf = value.type === 'bool' ? (at: number) => data[at] !== 0 : (at: number) => data[at];
  const level = (depth: number, at: number, size: number): unknown => {
    const dim = value.dims[depth];
    if (dim === undefined) return leaf(at);
    const step = dim === 0 ? 0 : size / dim;
    return Array.from({ length: dim }, (_, i) => level(depth + 1, at + i * step, step));
  };
  return level(0, 0, data.length);
}

/** True if `value` has the properties of a tensor. */
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
        : bitsOf(data);
    return { type: kind, dims: [data.length], data: own as DataOf[DataType] };
  }
  // The same bits with another type: bool is stored in bytes, float16 in 16-bit words.
  if (type === 'bool' && kind === 'uint8') return { type, dims: [data.length], data: checkBooleans(data as Uint8Array) };
  if (type === 'float16' && kind === 'uint16') return { type, dims: [data.length], data: data as DataOf[DataType] };
  return { type, dims: [data.length], data: convert(type, data as unknown as ArrayLike<Leaf>) };
}

/** Models have far fewer dimensions. A request's JSON can be nested more deeply than functions can call themselves. */
const MAX_RANK = 32;

function fromNested(data: unknown, type: DataType | undefined): Tensor {
  if (!Array.isArray(data)) throw aboutInput(InvalidTensor({ reason: 'expected a typed array or an array of numbers' }));
  const dims: number[] = [];
  for (let level: unknown = data; Array.isArray(level) || ArrayBuffer.isView(level); level = (level as unknown[])[0])
    if (dims.push((level as unknown[]).length) > MAX_RANK)
      throw aboutInput(InvalidTensor({ reason: `the rows are nested more than ${MAX_RANK} levels deep` }));
  const leaves: Leaf[] = [];
  const walk = (level: unknown, depth: number): void => {
    const rows = Array.isArray(level) || ArrayBuffer.isView(level) ? (level as unknown[]) : undefined;
    if (rows?.length !== dims[depth])
      throw aboutInput(InvalidTensor({ reason: `rows differ in length: the first is of shape [${dims.join(', ')}]` }));
    if (rows === undefined) leaves.push(level as Leaf);
    else for (let i = 0; i < rows.length; i += 1) walk(rows[i], depth + 1);
  };
  walk(data, 0);
  const kind = typeof leaves[0];
  const inferred = kind === 'bigint' ? 'int64' : kind === 'boolean' ? 'bool' : kind === 'string' ? 'string' : 'float32';
  return { type: type ?? inferred, dims, data: convert(type ?? inferred, leaves, dims) };
}
