import type { DataType } from '../onnx/index.js';

/** The element types of the protocol, by those of ONNX Runtime. */
const NAMES: { readonly [T in DataType]: string } = {
  bool: 'BOOL',
  uint8: 'UINT8',
  uint16: 'UINT16',
  uint32: 'UINT32',
  uint64: 'UINT64',
  int8: 'INT8',
  int16: 'INT16',
  int32: 'INT32',
  int64: 'INT64',
  float16: 'FP16',
  float32: 'FP32',
  float64: 'FP64',
  string: 'BYTES',
};
const TYPES = new Map(Object.entries(NAMES).map(([type, name]) => [name, type as DataType]));

export const datatypeNames: readonly string[] = Object.values(NAMES);

/** The name in the protocol, such as FP32. */
export const datatypeOf = (type: DataType): string => NAMES[type];

/** The element type of a name such as FP32; `undefined` if there is none. */
export const typeNamed = (name: unknown): DataType | undefined => (typeof name === 'string' ? TYPES.get(name) : undefined);

/** Bytes of one element; 0 for BYTES, whose elements have a length each. */
export function widthOf(type: DataType): number {
  if (type === 'string') return 0;
  const bits = /\d+$/.exec(type)?.[0];
  return bits === undefined ? 1 : Number(bits) / 8;
}
