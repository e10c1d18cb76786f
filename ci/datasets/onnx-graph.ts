import type { DataType, Tensor, TensorInfo } from 'nbserve/onnx';
import { bytesField, type Field, floatField, integerField, join, messageField } from './protobuf.js';

/** `string`, numbers that are integers, lists of integers, or a float marked as such. */
export type Attribute = string | number | readonly number[] | { readonly float: number };

export interface GraphNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, Attribute>>;
}

/** A model as plain data. {@link encodeModel} makes the file's bytes from it. */
export interface GraphSpec {
  readonly name: string;
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  readonly nodes: readonly GraphNode[];
  /** The weights, by the name with which nodes refer to them. */
  readonly weights: Readonly<Record<string, Tensor>>;
  /** Version of the operator set. @default 17 */
  readonly opset?: number;
  /** Texts that are stored in the file, e.g. licence and source. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** TensorProto.DataType of onnx.proto. */
const elementTypes: { readonly [T in DataType]: number } = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  string: 8,
  bool: 9,
  float16: 10,
  float64: 11,
  uint32: 12,
  uint64: 13,
};
const AttributeType = { FLOAT: 1, INT: 2, STRING: 3, INTS: 7 } as const;
/** The oldest file version with operator set 17, so that older runtimes can read the file too. */
const IR_VERSION = 8;

/** The bytes of an `.onnx` file. Field numbers are those of onnx.proto; the same spec gives the same bytes. */
export function encodeModel(spec: GraphSpec): Uint8Array {
  const graph = [
    ...spec.nodes.map((node, i) => messageField(1, encodeNode(node, `${node.op}_${i}`))),
    bytesField(2, spec.name),
    ...Object.entries(spec.weights).map(([name, weight]) => messageField(5, encodeWeight(name, weight))),
    ...spec.inputs.map((info) => messageField(11, encodeInfo(info))),
    ...spec.outputs.map((info) => messageField(12, encodeInfo(info))),
  ];
  return join([
    integerField(1, IR_VERSION),
    bytesField(2, 'nbserve'),
    messageField(7, graph),
    messageField(8, [bytesField(1, ''), integerField(2, spec.opset ?? 17)]),
    ...Object.entries(spec.metadata ?? {}).map(([key, value]) => messageField(14, [bytesField(1, key), bytesField(2, value)])),
  ]);
}

function encodeNode(node: GraphNode, name: string): Field[] {
  return [
    ...node.inputs.map((input) => bytesField(1, input)),
    ...node.outputs.map((output) => bytesField(2, output)),
    bytesField(3, name),
    bytesField(4, node.op),
    ...Object.entries(node.attributes ?? {}).map(([key, value]) =>
      messageField(5, [bytesField(1, key), ...encodeAttribute(value)]),
    ),
  ];
}

function encodeAttribute(value: Attribute): Field[] {
  if (typeof value === 'string') return [bytesField(4, value), integerField(20, AttributeType.STRING)];
  if (typeof value === 'number') return [integerField(3, value), integerField(20, AttributeType.INT)];
  if ('float' in value) return [floatField(2, value.float), integerField(20, AttributeType.FLOAT)];
  return [...value.map((each) => integerField(8, each)), integerField(20, AttributeType.INTS)];
}

function encodeWeight(name: string, { type, dims, data }: Tensor): Field[] {
  if (type === 'string') throw new TypeError(`weight ${name}: strings cannot be weights`);
  const { buffer, byteOffset, byteLength } = data as Float32Array;
  // raw_data is little-endian, and so is every platform on which Node runs.
  return [
    ...dims.map((dim) => integerField(1, dim)),
    integerField(2, elementTypes[type]),
    bytesField(8, name),
    bytesField(9, new Uint8Array(buffer, byteOffset, byteLength)),
  ];
}

function encodeInfo({ name, type = 'float32', shape }: TensorInfo): Field[] {
  const dims = shape.map((dim) => messageField(1, [typeof dim === 'number' ? integerField(1, dim) : bytesField(2, dim)]));
  const tensorType = [integerField(1, elementTypes[type]), messageField(2, dims)];
  return [bytesField(1, name), messageField(2, [messageField(1, tensorType)])];
}
