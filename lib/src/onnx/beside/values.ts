import { elementTypes, typeOfCode } from '../element-types.js';
import { allocate, convert, type Leaf } from '../elements.js';
import { bitsOf } from '../float16.js';
import { isLent } from '../lent.js';
import type { DataType, Tensor } from '../types.js';
import type { Address, NativeApi } from './native.js';

const codes = new Map(Object.entries(elementTypes).map(([code, type]) => [type, Number(code)]));

/**
 * Makes the runtime's tensor.
 * @param shared true if the runtime reads the caller's array during the run, which must then end before the caller runs on. Otherwise the elements are
 * copied, since the caller may change or transfer the array during the run, unless it was lent
 * @returns the tensor, and the memory that it reads
 * @throws NBS_ONNX_INVALID_TENSOR if plain numbers do not fit the type
 */
export function toNative(api: NativeApi, { type, dims, data }: Tensor, shared: boolean): readonly [Address, unknown] {
  const { call } = api;
  const shape = BigInt64Array.from(dims, BigInt);
  const code = codes.get(type);
  if (type === 'string') {
    const value = api.made(call.createTensor, api.allocator, shape, dims.length, code);
    for (const [i, text] of (data as readonly string[]).entries()) {
      const bytes = Buffer.from(text);
      const buffer = api.made(call.stringElementBuffer, value, i, bytes.length);
      if (bytes.length > 0) api.copy(buffer, bytes, bytes.length);
    }
    return [value, null];
  }
  const numbers = Array.isArray(data) ? convert(type, data as unknown as ArrayLike<Leaf>, dims) : data;
  const elements = (type === 'float16' ? bitsOf(numbers) : numbers) as Uint8Array;
  if (shared || isLent(elements))
    return [
      api.made(call.createTensorWithData, api.memoryInfo, elements, elements.byteLength, shape, dims.length, code),
      elements,
    ];
  const value = api.made(call.createTensor, api.allocator, shape, dims.length, code);
  if (elements.byteLength > 0) api.copy(api.made(call.tensorData, value), elements, elements.byteLength);
  return [value, null];
}

const count = new BigUint64Array(1);
const code = new Int32Array(1);

/** Copies the runtime's tensor into an array of JavaScript. */
export function fromNative(api: NativeApi, value: Address): Tensor {
  const shape = api.made(api.call.shapeOf, value);
  const { type, dims } = shapeOf(api, shape);
  api.release.shape(shape);
  const size = dims.reduce((product, dim) => product * dim, 1);
  if (type === 'string') return { type, dims, data: stringsOf(api, value, size) };
  const data = allocate(type, size) as Uint8Array;
  if (size > 0) api.copy(data, api.made(api.call.tensorData, value), data.byteLength);
  return { type, dims, data } as Tensor;
}

/** The element type and the sizes of dimensions, -1 if a size is free. */
export function shapeOf(api: NativeApi, info: Address): { readonly type: DataType; readonly dims: number[] } {
  api.check(api.call.elementType(info, code));
  api.check(api.call.dimensionCount(info, count));
  const sizes = new BigInt64Array(Number(count[0]));
  if (sizes.length > 0) api.check(api.call.dimensions(info, sizes, sizes.length));
  return { type: typeOfCode(code[0] as number), dims: Array.from(sizes, Number) };
}

function stringsOf(api: NativeApi, value: Address, size: number): string[] {
  if (size === 0) return [];
  const bytes = new Uint8Array(Number(api.made(api.call.stringBytes, value)));
  const starts = new BigUint64Array(size);
  api.check(api.call.stringContent(value, bytes, bytes.length, starts, size));
  const text = Buffer.from(bytes.buffer);
  return Array.from(starts, (start, i) =>
    text.toString('utf8', Number(start), i + 1 < size ? Number(starts[i + 1]) : bytes.length),
  );
}
