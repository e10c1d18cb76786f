import type { DataType } from './types.js';

/** ONNX's numbers of element types (TensorProto.DataType of onnx.proto), which are those of ONNX Runtime too. */
export const elementTypes: Readonly<Record<number, string>> = {
  1: 'float32',
  2: 'uint8',
  3: 'int8',
  4: 'uint16',
  5: 'int16',
  6: 'int32',
  7: 'int64',
  8: 'string',
  9: 'bool',
  10: 'float16',
  11: 'float64',
  12: 'uint32',
  13: 'uint64',
  // These have no array here. `load` refuses them.
  14: 'complex64',
  15: 'complex128',
  16: 'bfloat16',
  17: 'float8e4m3fn',
  18: 'float8e4m3fnuz',
  19: 'float8e5m2',
  20: 'float8e5m2fnuz',
  21: 'uint4',
  22: 'int4',
  23: 'float4e2m1',
  24: 'float8e8m0',
};

/** The name of an element type, also of one that has no array here. */
export const typeOfCode = (code: number): DataType => (elementTypes[code] ?? `element type ${code}`) as DataType;
