import type { DataType, Tensor } from '../onnx/index.js';
import { datatypeOf } from './data-types.js';
import { BadInference } from './errors.js';
import type { InferAnswer, InferRequest, WantedOutput } from './infer-request.js';
import { checked, readClasses, readDatatype, readShape } from './read-infer.js';
import { bytesOf, elementsOf, textOf } from './tensor-bytes.js';
import { withClasses } from './write-infer.js';

/** A parameter of a message: only the field that is set is there. 64-bit integers are texts. */
type Parameters = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** `ModelInferRequest`, as protobuf's JSON names its fields. */
export interface GrpcInferRequest {
  readonly modelName: string;
  readonly modelVersion: string;
  readonly id: string;
  readonly inputs: readonly {
    readonly name: string;
    readonly datatype: string;
    readonly shape: readonly string[];
    readonly parameters?: Parameters;
    readonly contents?: Readonly<Record<string, readonly unknown[]>>;
  }[];
  readonly outputs: readonly {
    readonly name: string;
    readonly parameters?: Parameters;
  }[];
  readonly rawInputContents: readonly Uint8Array[];
}

/** The field of a message that has the values of a type. FP16 can only be sent as raw bytes. */
const CONTENTS: { readonly [T in DataType]?: string } = {
  bool: 'boolContents',
  int8: 'intContents',
  int16: 'intContents',
  int32: 'intContents',
  int64: 'int64Contents',
  uint8: 'uintContents',
  uint16: 'uintContents',
  uint32: 'uintContents',
  uint64: 'uint64Contents',
  float32: 'fp32Contents',
  float64: 'fp64Contents',
  string: 'bytesContents',
};

const bad = (reason: string): Error => BadInference({ reason });

/** @throws NBS_OIP_BAD_REQUEST */
export function fromGrpc({ id, inputs, outputs, rawInputContents: raw }: GrpcInferRequest): InferRequest {
  if (raw.length > 0 && raw.length !== inputs.length)
    throw bad(`there are ${raw.length} raw_input_contents for ${inputs.length} inputs`);
  const feeds: Record<string, Tensor> = Object.create(null);
  inputs.forEach((input, at) => {
    const { name } = input;
    if (name in feeds) throw bad(`the input ${name} is there twice`);
    noSharedMemory(`input ${name}`, input.parameters);
    const type = readDatatype(name, input.datatype);
    const { dims, count } = readShape(name, input.shape.map(Number));
    const bytes = raw[at];
    if (bytes === undefined) feeds[name] = fromContents(name, type, dims, count, input.contents ?? {});
    else if (hasValues(input.contents)) throw bad(`input ${name} has both contents and raw_input_contents`);
    else feeds[name] = { type, dims, data: elementsOf(name, type, count, bytes) };
  });
  return {
    id,
    feeds,
    outputs: outputs.length === 0 ? null : outputs.map(wantedOutput),
    binaryByDefault: raw.length > 0,
  };
}

function fromContents(
  name: string,
  type: DataType,
  dims: readonly number[],
  count: number,
  contents: NonNullable<GrpcInferRequest['inputs'][number]['contents']>,
): Tensor {
  const field = CONTENTS[type];
  if (field === undefined) throw bad(`input ${name} is ${datatypeOf(type)}, which can only be sent in raw_input_contents`);
  const values = contents[field] ?? [];
  if (values.length !== count)
    throw bad(`input ${name} has ${values.length} values in its ${field}, and its shape [${dims.join(', ')}] needs ${count}`);
  if (type === 'string')
    return checked(
      name,
      type,
      values.map((each) => textOf(name, each as Uint8Array)),
      dims,
    );
  return checked(name, type, type === 'int64' || type === 'uint64' ? values.map((each) => BigInt(each as string)) : values, dims);
}

function wantedOutput({ name, parameters }: GrpcInferRequest['outputs'][number]): WantedOutput {
  noSharedMemory(`output ${name}`, parameters);
  const count = parameters?.classification?.int64Param;
  return {
    name,
    isBinary: true,
    classes: readClasses(name, count === undefined ? undefined : Number(count)),
  };
}

function noSharedMemory(what: string, parameters: Parameters = {}): void {
  if (Object.keys(parameters).some((key) => key.startsWith('shared_memory_')))
    throw bad(`the ${what} is in shared memory, which this server does not use; its data must be in the message`);
}

const hasValues = (contents: GrpcInferRequest['inputs'][number]['contents']): boolean =>
  Object.values(contents ?? {}).some((values) => values.length > 0);

/** `ModelInferResponse`: raw bytes, unless the request had its values in `contents`. */
export function toGrpc(model: string, { version, outputs, labels }: InferAnswer, request: InferRequest): object {
  const sent = outputs.map(({ name, tensor }) => ({
    name,
    tensor: withClasses(name, tensor, request.outputs?.find((each) => each.name === name)?.classes ?? 0, labels),
  }));
  const isRaw = request.binaryByDefault || sent.some(({ tensor }) => CONTENTS[tensor.type] === undefined);
  return {
    modelName: model,
    modelVersion: version,
    id: request.id,
    outputs: sent.map(({ name, tensor }) => ({
      name,
      datatype: datatypeOf(tensor.type),
      shape: tensor.dims.map(String),
      ...(isRaw ? {} : { contents: contentsOf(tensor) }),
    })),
    rawOutputContents: isRaw ? sent.map(({ tensor }) => bytesOf(tensor)) : [],
  };
}

function contentsOf({ type, data }: Tensor): object {
  const values = Array.from(data as ArrayLike<unknown>);
  const sent =
    type === 'string'
      ? values.map((each) => Buffer.from(each as string))
      : type === 'bool'
        ? values.map((each) => each !== 0)
        : typeof values[0] === 'bigint'
          ? values.map(String)
          : values;
  return { [CONTENTS[type] as string]: sent };
}
