import { InvalidGraph, NotAnOnnxModel } from './errors.js';
import {
  bytesField,
  type Field,
  fieldsOf,
  floatField,
  floatsField,
  integerField,
  integersField,
  join,
  messageField,
  type ReadField,
  textOf,
  textsField,
} from './protobuf.js';
import type { DataType, Tensor, TensorInfo } from './types.js';

/** An attribute of a node: a text, an integer, a list of integers or of texts, or floats, which are marked because 1 could be either. */
export type Attribute =
  | string
  | number
  | readonly number[]
  | readonly string[]
  | { readonly float: number }
  | { readonly floats: ArrayLike<number> };

/** A node of the graph in an ONNX file. */
export interface OnnxNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, Attribute>>;
  /** The operator set of the node. @default '', ONNX's own; 'ai.onnx.ml' has the trees */
  readonly domain?: string;
}

/** A model as plain data. {@link encodeModel} makes the file's bytes from it. */
export interface GraphSpec {
  readonly name: string;
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  readonly nodes: readonly OnnxNode[];
  /** The weights, by the name with which nodes refer to them. */
  readonly weights: Readonly<Record<string, Tensor>>;
  /** Version of ONNX's own operator set. @default 17 */
  readonly opset?: number;
  /** Versions of other operator sets, by their domain, e.g. `{ 'ai.onnx.ml': 3 }`. @default none */
  readonly domains?: Readonly<Record<string, number>>;
  /** Texts that are stored in the file, e.g. licence and source. @default none */
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
const AttributeType = { FLOAT: 1, INT: 2, STRING: 3, FLOATS: 6, INTS: 7, STRINGS: 8 } as const;
/** The oldest file version with operator set 17, so that older runtimes can read the file too. */
const IR_VERSION = 8;

/**
 * The bytes of an `.onnx` file, which `onnx.load` reads. The same spec gives the same bytes.
 * @throws NBS_ONNX_INVALID_GRAPH if a weight is a list of texts
 */
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
    ...Object.entries({ '': spec.opset ?? 17, ...spec.domains }).map(([domain, version]) =>
      messageField(8, [bytesField(1, domain), integerField(2, version)]),
    ),
    ...Object.entries(spec.metadata ?? {}).map(([key, value]) => messageField(14, [bytesField(1, key), bytesField(2, value)])),
  ]);
}

/**
 * The float32 weights and the metadata in a file that {@link encodeModel} has written.
 * @throws NBS_ONNX_INVALID_MODEL
 */
export function decodeWeights(bytes: Uint8Array): {
  readonly weights: Readonly<Record<string, Tensor<'float32'>>>;
  readonly metadata: Readonly<Record<string, string>>;
} {
  const weights: Record<string, Tensor<'float32'>> = {};
  const metadata: Record<string, string> = {};
  try {
    for (const field of fieldsOf(bytes)) {
      if (field.number === 14) {
        const [key, value] = [1, 2].map((number) => fieldsOf(bytesOf(field)).find((each) => each.number === number));
        if (key !== undefined) metadata[textOf(key)] = value === undefined ? '' : textOf(value);
      }
      if (field.number !== 7) continue;
      for (const part of fieldsOf(bytesOf(field))) {
        if (part.number !== 5) continue;
        const weight = decodeWeight(fieldsOf(bytesOf(part)));
        if (weight !== undefined) weights[weight.name] = weight.tensor;
      }
    }
  } catch (error) {
    throw NotAnOnnxModel({ source: `this ${bytes.byteLength}-byte array`, reason: (error as Error).message }, error);
  }
  return { weights, metadata };
}

function decodeWeight(fields: readonly ReadField[]): { name: string; tensor: Tensor<'float32'> } | undefined {
  const dims = fields.filter(({ number }) => number === 1).map(({ value }) => Number(value));
  const [type, name, raw] = [2, 8, 9].map((number) => fields.find((each) => each.number === number));
  if (Number(type?.value) !== elementTypes.float32 || name === undefined || raw === undefined) return undefined;
  // The bytes are copied, because they do not begin at a multiple of four. slice() of a Buffer would not copy them.
  return { name: textOf(name), tensor: { type: 'float32', dims, data: new Float32Array(new Uint8Array(bytesOf(raw)).buffer) } };
}

function bytesOf({ value }: ReadField): Uint8Array {
  if (!(value instanceof Uint8Array)) throw new TypeError('a message is missing');
  return value;
}

function encodeNode(node: OnnxNode, name: string): Field[] {
  return [
    ...node.inputs.map((input) => bytesField(1, input)),
    ...node.outputs.map((output) => bytesField(2, output)),
    bytesField(3, name),
    bytesField(4, node.op),
    ...Object.entries(node.attributes ?? {}).map(([key, value]) =>
      messageField(5, [bytesField(1, key), ...encodeAttribute(value)]),
    ),
    ...(node.domain === undefined ? [] : [bytesField(7, node.domain)]),
  ];
}

function encodeAttribute(value: Attribute): Field[] {
  if (typeof value === 'string') return [bytesField(4, value), integerField(20, AttributeType.STRING)];
  if (typeof value === 'number') return [integerField(3, value), integerField(20, AttributeType.INT)];
  if ('float' in value) return [floatField(2, value.float), integerField(20, AttributeType.FLOAT)];
  if ('floats' in value) return [floatsField(7, Array.from(value.floats)), integerField(20, AttributeType.FLOATS)];
  if (typeof value[0] === 'string') return [textsField(9, value as readonly string[]), integerField(20, AttributeType.STRINGS)];
  return [integersField(8, value as readonly number[]), integerField(20, AttributeType.INTS)];
}

function encodeWeight(name: string, { type, dims, data }: Tensor): Field[] {
  if (type === 'string') throw InvalidGraph({ reason: `the weight ${name} is a list of texts` });
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
