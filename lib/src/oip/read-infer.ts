import { isNbserveError, isRecord, shownValue } from '../core/index.js';
import { type DataType, type Tensor, tensor } from '../onnx/index.js';
import { datatypeNames, typeNamed } from './data-types.js';
import { BadInference } from './errors.js';
import type { InferRequest, WantedOutput } from './infer-request.js';
import { elementsOf } from './tensor-bytes.js';

const utf8 = new TextDecoder('utf-8', { fatal: true });
const MAX_DIMENSION = 2 ** 31 - 1;
const MAX_RANK = 32;

const bad = (reason: string): Error => BadInference({ reason });

/**
 * Reads a request to infer: JSON, or JSON of `headerBytes` bytes and then the data of its binary inputs.
 * @param headerBytes the value of the header `Inference-Header-Content-Length`; `null` if there is none
 * @throws NBS_OIP_BAD_REQUEST
 */
export function readInfer(body: Uint8Array, headerBytes: string | null): InferRequest {
  const length = jsonLength(body, headerBytes);
  const request = parseJson(body.subarray(0, length));
  const data = new BinaryData(body.subarray(length));
  const { inputs, outputs = null, id = '', parameters = {} } = request;
  if (typeof id !== 'string') throw bad('id must be a text');
  if (!isRecord(parameters)) throw bad('parameters must be an object');
  if (!Array.isArray(inputs)) throw bad('inputs must be a list of objects with name, shape, datatype and data');
  const feeds: Record<string, Tensor> = Object.create(null);
  for (const input of inputs as readonly unknown[]) {
    const [name, value] = readInput(input, data);
    if (name in feeds) throw bad(`the input ${name} is there twice`);
    feeds[name] = value;
  }
  data.end();
  const binaryByDefault = booleanOf(parameters, 'binary_data_output') ?? false;
  return {
    id,
    feeds,
    outputs: outputs === null ? null : readOutputs(outputs, binaryByDefault),
    binaryByDefault,
  };
}

function jsonLength(body: Uint8Array, headerBytes: string | null): number {
  if (headerBytes === null) return body.length;
  const length = /^\d{1,15}$/.test(headerBytes) ? Number(headerBytes) : Number.NaN;
  if (length <= body.length) return length;
  throw bad(
    `the header Inference-Header-Content-Length is ${headerBytes.slice(0, 40)}; it must be the length of the JSON in bytes, at most that of the body, which has ${body.length}`,
  );
}

function parseJson(bytes: Uint8Array): Record<string, unknown> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(utf8.decode(bytes));
  } catch (error) {
    throw bad(
      `the body is not JSON: ${(error as Error).message}; if binary data follow it, the header Inference-Header-Content-Length must have its length`,
    );
  }
  if (!isRecord(parsed)) throw bad('the body must be a JSON object with inputs');
  return parsed;
}

/** The bytes after the JSON, which the inputs take in order. */
class BinaryData {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  take(name: string, size: number): Uint8Array {
    const left = this.#bytes.length - this.#at;
    if (size > left) throw bad(`input ${name} has a binary_data_size of ${size}, and ${left} bytes are left in the body`);
    this.#at += size;
    return this.#bytes.subarray(this.#at - size, this.#at);
  }

  end(): void {
    const left = this.#bytes.length - this.#at;
    if (left > 0) throw bad(`${left} bytes are left in the body after the data of all inputs`);
  }
}

function readInput(input: unknown, binary: BinaryData): [string, Tensor] {
  if (!isRecord(input)) throw bad('each input must be an object with name, shape, datatype and data');
  const { name, datatype, data, parameters = {} } = input;
  if (typeof name !== 'string') throw bad('each input must have a name');
  if (!isRecord(parameters)) throw bad(`the parameters of input ${name} must be an object`);
  const type = readDatatype(name, datatype);
  const { dims, count } = readShape(name, input.shape);
  const size = parameters.binary_data_size;
  for (const key of Object.keys(parameters))
    if (key.startsWith('shared_memory_'))
      throw bad(`input ${name} is in shared memory, which this server cannot read; send its data`);
  if (size === undefined) return [name, fromJson(name, type, dims, count, data)];
  if (data !== undefined) throw bad(`input ${name} has both data and binary_data_size`);
  if (!Number.isSafeInteger(size) || (size as number) < 0)
    throw bad(`the binary_data_size of input ${name} must be a number of bytes`);
  return [
    name,
    {
      type,
      dims,
      data: elementsOf(name, type, count, binary.take(name, size as number)),
    },
  ];
}

/** @throws NBS_OIP_BAD_REQUEST */
export function readDatatype(name: string, datatype: unknown): DataType {
  const type = typeNamed(datatype);
  if (type === undefined)
    throw bad(`the datatype of input ${name} must be one of ${datatypeNames.join(', ')}, and is ${shown(datatype)}`);
  return type;
}

/** @throws NBS_OIP_BAD_REQUEST */
export function readShape(name: string, shape: unknown): { readonly dims: readonly number[]; readonly count: number } {
  const isShape =
    Array.isArray(shape) &&
    shape.length <= MAX_RANK &&
    shape.every((dim) => Number.isInteger(dim) && (dim as number) >= 0 && (dim as number) <= MAX_DIMENSION);
  if (!isShape) throw bad(`the shape of input ${name} must be a list of at most ${MAX_RANK} integers from 0 to ${MAX_DIMENSION}`);
  const dims = shape as readonly number[];
  const count = dims.reduce((product, dim) => product * dim, 1);
  if (!Number.isSafeInteger(count)) throw bad(`the shape [${dims.join(', ')}] of input ${name} is too large`);
  return { dims, count };
}

function fromJson(name: string, type: DataType, dims: readonly number[], count: number, data: unknown): Tensor {
  if (!Array.isArray(data)) throw bad(`input ${name} must have data, which is a list, or a binary_data_size`);
  const flat: unknown[] = [];
  if (!flatten(data, count, flat) || flat.length !== count)
    throw bad(`the data of input ${name} must be ${count} values for the shape [${dims.join(', ')}]`);
  return checked(name, type, flat, dims);
}

/** A tensor of values that JSON or a message has brought. @throws NBS_OIP_BAD_REQUEST if the type cannot hold one */
export function checked(name: string, type: DataType, values: readonly unknown[], dims: readonly number[]): Tensor {
  try {
    return tensor(type, values as number[], dims);
  } catch (error) {
    if (isNbserveError(error)) throw bad(`input ${name}: ${error.message}`);
    throw error;
  }
}

/** Appends the values of nested lists in row-major order. False as soon as there are more than `count`. */
function flatten(list: readonly unknown[], count: number, into: unknown[], depth = 0): boolean {
  if (depth > MAX_RANK) return false;
  for (const each of list) {
    if (Array.isArray(each) ? !flatten(each, count, into, depth + 1) : into.push(each) > count) return false;
  }
  return true;
}

function readOutputs(outputs: unknown, binaryByDefault: boolean): readonly WantedOutput[] | null {
  if (!Array.isArray(outputs)) throw bad('outputs must be a list of objects with a name');
  const found = outputs.map((output: unknown) => {
    if (!isRecord(output) || typeof output.name !== 'string') throw bad('each of the outputs must be an object with a name');
    const { name, parameters = {} } = output;
    if (!isRecord(parameters)) throw bad(`the parameters of output ${name} must be an object`);
    for (const key of Object.keys(parameters))
      if (key.startsWith('shared_memory_'))
        throw bad(`output ${name} is wanted in shared memory, which this server cannot write; its data are sent in the answer`);
    return {
      name,
      isBinary: booleanOf(parameters, 'binary_data') ?? binaryByDefault,
      classes: readClasses(name, parameters.classification),
    };
  });
  return found.length === 0 ? null : found;
}

/** @throws NBS_OIP_BAD_REQUEST */
export function readClasses(name: string, value: unknown): number {
  if (value === undefined) return 0;
  if (Number.isInteger(value) && (value as number) >= 0 && (value as number) <= MAX_DIMENSION) return value as number;
  throw bad(`the parameter classification of output ${name} must be a number of classes`);
}

function booleanOf(parameters: Readonly<Record<string, unknown>>, name: string): boolean | undefined {
  const value = parameters[name];
  if (value === undefined || typeof value === 'boolean') return value;
  throw bad(`the parameter ${name} must be true or false`);
}

const shown = (value: unknown): string => (value === undefined ? 'not given' : shownValue(value).slice(0, 60));
