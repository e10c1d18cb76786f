import { types } from 'node:util';

/** What tensors of nbserve and of ONNX Runtime have in common. */
interface TensorLike {
  readonly type: string;
  readonly dims: readonly number[];
  readonly data: ArrayLike<unknown>;
}

const KEYS = ['data', 'dims', 'type'];
/** The element types that a tensor can have here, and those that ONNX Runtime has besides. */
const TYPES = new Set(
  'float32 float64 float16 bfloat16 int8 int16 int32 int64 int4 uint8 uint16 uint32 uint64 uint4 bool string'.split(' '),
);

/**
 * The parts of a tensor, or `null` if the object is not a tensor. Tensors are recognized by their parts: those of nbserve are plain data, so that
 * they can be sent between processes, and user code may have those of ONNX Runtime.
 * An object with further members is not a tensor, because they would be lost. Tensors of ONNX Runtime have further ones, and their `data` is a getter.
 * An object whose `data` is a list is not a tensor, unless the list contains texts, for which tensors have no other array.
 */
export function asTensor(value: object): TensorLike | null {
  const { type, dims } = value as Partial<TensorLike>;
  if (typeof type !== 'string' || !TYPES.has(type) || !isShape(dims)) return null;
  if (Object.hasOwn(value, 'data') && Object.keys(value).sort().join() !== KEYS.join()) return null;
  // In ONNX Runtime this is a getter, which throws if the values are on a device.
  const { data } = value as { readonly data?: unknown };
  if (types.isTypedArray(data)) return fills(data, dims) ? { type, dims, data } : null;
  if (!Array.isArray(data) || type !== 'string' || !fills(data, dims)) return null;
  return data.every((item) => typeof item === 'string') ? { type, dims, data } : null;
}

/**
 * Nested lists with the tensor's shape; a scalar is its value.
 * @param element writes one element; it gets the element's position in the shape
 */
export function nestedLists(
  { type, dims, data }: TensorLike,
  element: (item: unknown, at: readonly number[]) => unknown,
): unknown {
  const read = readerOf(type, data);
  const at: number[] = [];
  let next = 0;
  const level = (depth: number): unknown => {
    if (depth === dims.length) {
      const item = read(next);
      next += 1;
      return element(item, at);
    }
    const list: unknown[] = [];
    for (let i = 0; i < (dims[depth] as number); i += 1) {
      at[depth] = i;
      list.push(level(depth + 1));
    }
    at.length = depth;
    return list;
  };
  return level(0);
}

function readerOf(type: string, data: ArrayLike<unknown>): (at: number) => unknown {
  if (type === 'bool') return (at) => data[at] !== 0 && data[at] !== false;
  // On a Node without Float16Array, the elements are 16-bit integers.
  if (type === 'float16' && types.isUint16Array(data)) return (at) => halfToNumber(data[at] as number);
  return (at) => data[at];
}

/** Converts IEEE 754 binary16: one bit of sign, five of exponent, ten of fraction. */
function halfToNumber(bits: number): number {
  const sign = bits >>> 15 === 0 ? 1 : -1;
  const exponent = (bits >>> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function isShape(dims: unknown): dims is readonly number[] {
  return Array.isArray(dims) && dims.every((dim) => Number.isInteger(dim) && dim >= 0);
}

const fills = (data: ArrayLike<unknown>, dims: readonly number[]): boolean =>
  data.length === dims.reduce((product, dim) => product * dim, 1);
