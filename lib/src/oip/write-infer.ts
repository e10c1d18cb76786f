import { fromFloat16, type Tensor, topK } from '../onnx/index.js';
import { datatypeOf } from './data-types.js';
import { BadInference, NotInJson } from './errors.js';
import type { InferAnswer, WantedOutput } from './infer-request.js';
import { bytesOf } from './tensor-bytes.js';

/** An answer as bytes. */
export interface InferBody {
  readonly body: Uint8Array;
  /** The length of the JSON in bytes, if binary data follow it; otherwise `null`. */
  readonly headerBytes: number | null;
}

/** Writes an answer: JSON, and then the data of the outputs that are sent as bytes. @throws NBS_OIP_NOT_IN_JSON, NBS_OIP_BAD_REQUEST */
export function writeInfer(
  model: string,
  { version, outputs }: InferAnswer,
  request: {
    readonly id: string;
    readonly outputs: readonly WantedOutput[] | null;
    readonly binaryByDefault: boolean;
  },
  labels: Labels = {},
): InferBody {
  const pieces: Uint8Array[] = [];
  const texts = outputs.map(({ name, tensor }) => {
    const wanted = request.outputs?.find((each) => each.name === name);
    const sent = withClasses(name, tensor, wanted?.classes ?? 0, labels);
    const head = `"name":${JSON.stringify(name)},"datatype":"${datatypeOf(sent.type)}","shape":[${sent.dims.join(',')}]`;
    if (!(wanted?.isBinary ?? request.binaryByDefault)) return `{${head},"data":[${jsonData(name, sent)}]}`;
    const bytes = bytesOf(sent);
    pieces.push(bytes);
    return `{${head},"parameters":{"binary_data_size":${bytes.length}}}`;
  });
  const id = request.id === '' ? '' : `"id":${JSON.stringify(request.id)},`;
  const json = Buffer.from(
    `{${id}"model_name":${JSON.stringify(model)},"model_version":"${version}","outputs":[${texts.join(',')}]}`,
  );
  if (pieces.length === 0) return { body: json, headerBytes: null };
  return { body: Buffer.concat([json, ...pieces]), headerBytes: json.length };
}

/** Texts of classes by output, in the order of the classes. */
export type Labels = Readonly<Record<string, readonly string[]>>;

/** The largest values of each row as texts `value:index` or `value:index:label`, if `classes` is above 0. @throws NBS_OIP_BAD_REQUEST */
export function withClasses(name: string, tensor: Tensor, classes: number, labels: Labels = {}): Tensor {
  if (classes === 0) return tensor;
  const { type, dims, data } = tensor;
  if (type !== 'float32' && type !== 'float64' && type !== 'float16')
    throw BadInference({
      reason: `the output ${name} is ${datatypeOf(type)}; classification needs FP16, FP32 or FP64`,
    });
  const rows = dims.length < 2 ? 1 : (dims[0] as number);
  const values = type === 'float16' ? fromFloat16(data as Uint16Array) : (data as Float32Array);
  const width = rows === 0 ? 0 : values.length / rows;
  const texts: string[] = [];
  const own = Object.hasOwn(labels, name) ? (labels[name] ?? []) : [];
  for (let row = 0; row < rows; row += 1) {
    const best = topK(values.subarray(row * width, (row + 1) * width), Math.min(classes, width));
    for (const { index, value } of best)
      texts.push([value.toFixed(6), index, ...(own[index] === undefined ? [] : [own[index]])].join(':'));
  }
  const found = Math.min(classes, width);
  return {
    type: 'string',
    dims: dims.length < 2 ? [found] : [rows, found],
    data: texts,
  };
}

function jsonData(name: string, { type, data }: Tensor): string {
  if (type === 'string') return (data as readonly string[]).map((text) => JSON.stringify(text)).join(',');
  if (type === 'bool') return Array.from(data as Uint8Array, (each) => (each === 0 ? 'false' : 'true')).join(',');
  if (type !== 'float32' && type !== 'float64' && type !== 'float16') return (data as Int32Array).join(',');
  const values = type === 'float16' ? fromFloat16(data as Uint16Array) : (data as Float32Array);
  const wrong = values.findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0) throw NotInJson({ output: name, value: String(values[wrong]) });
  return values.join(',');
}
