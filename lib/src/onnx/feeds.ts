import { aboutInput, type NbserveError } from '../core/index.js';
import { type Arrays, checkBooleans, convert, typeOfView } from './elements.js';
import { InvalidTensor, MissingInput, UnknownInput, WrongShape, WrongType } from './errors.js';
import { hasRankOfData, hasSizesOfData, isTypedByData } from './shaped-by-data.js';
import { isTensor, sizeOf } from './tensor.js';
import type { Feeds, Tensor, TensorInfo } from './types.js';

/** A type and shape as a text: `float32[batch_size, 1, 28, 28]`. */
export function describeTensor(info: Pick<TensorInfo, 'type' | 'shape'>): string {
  return info.type === undefined ? 'not a tensor' : `${info.type}[${info.shape.join(', ')}]`;
}

/** Inputs or outputs as a text: `input: float32[batch_size, 1, 28, 28]`, joined by commas. */
export function describeTensors(infos: readonly TensorInfo[]): string {
  return infos.map((info) => `${info.name}: ${describeTensor(info)}`).join(', ') || '(none)';
}

/** Makes feeds from feeds or from a single tensor, which is the value of the only input. */
export function toFeeds(inputs: readonly TensorInfo[], given: Feeds | Tensor): Feeds {
  if (typeof given !== 'object' || given === null || ArrayBuffer.isView(given) || Array.isArray(given)) {
    throw InvalidTensor({
      reason: `run() takes tensors by input name, got ${show(given)}; the inputs are ${describeTensors(inputs)}`,
    });
  }
  if (!isTensor(given)) return given;
  const [only] = inputs;
  if (inputs.length !== 1 || only === undefined)
    throw MissingInput({ name: inputs[1]?.name ?? '', valid: describeTensors(inputs) });
  return { [only.name]: given };
}

/** The texts that exporters write for a dimension without a name. */
const UNNAMED = new Set(['', '?', '-1', '*', 'none', 'null', 'nan', 'unk', 'unknown', 'undefined', 'dynamic', 'any']);

/** True if a dimension has a name. Two dimensions of the same name have the same size. Those without a name are independent. */
const isNamed = (dimension: string): boolean => !UNNAMED.has(dimension.trim().toLowerCase());

/**
 * Checks feeds against the inputs that the model declares. A named dimension must have the same size in all inputs: ONNX requires that, and the runtime
 * does not check it.
 * @throws NBS_ONNX_UNKNOWN_INPUT, NBS_ONNX_MISSING_INPUT, NBS_ONNX_WRONG_TYPE, NBS_ONNX_WRONG_SHAPE, NBS_ONNX_INVALID_TENSOR
 */
export function checkFeeds(inputs: readonly TensorInfo[], feeds: Feeds): void {
  // Made for an error only: a language model has some sixty inputs, and runs for each token.
  const valid = () => describeTensors(inputs);
  const names = new Set(inputs.map(({ name }) => name));
  for (const name of Object.keys(feeds)) if (!names.has(name)) throw UnknownInput({ name, valid: valid() });
  const symbols = new Map<string, { readonly size: number; readonly input: string }>();
  for (const input of inputs) {
    const value = feeds[input.name];
    if (value === undefined) throw MissingInput({ name: input.name, valid: valid() });
    if (!isTensor(value))
      throw InvalidTensor({
        reason: `input ${input.name} is ${show(value)}; make one with onnx.tensor(data, dims), expected is ${describeTensor(input)}`,
      });
    if (input.type !== undefined && value.type !== input.type) {
      const error = WrongType({
        name: input.name,
        expected: describeTensor(input),
        actual: describeTensor({ type: value.type, shape: value.dims }),
      });
      throw isTypedByData(value) ? aboutInput(error) : error;
    }
    checkData(input.name, value);
    if (value.data.length !== sizeOf(value.dims)) {
      throw wrongData(
        value,
        `input ${input.name} has ${value.data.length} values, its dimensions [${value.dims.join(', ')}] need ${sizeOf(value.dims)}`,
      );
    }
    checkShape(input, value, symbols);
  }
}

function checkShape(
  input: TensorInfo,
  value: Tensor,
  symbols: Map<string, { readonly size: number; readonly input: string }>,
): void {
  const wrong = (hint: string): NbserveError => {
    const [expected, actual] = [`[${input.shape.join(', ')}]`, `[${value.dims.join(', ')}]`];
    const error = WrongShape({ name: input.name, expected, actual, hint });
    const isOfData = value.dims.length === input.shape.length ? hasSizesOfData(value) : hasRankOfData(value);
    return isOfData ? aboutInput(error) : error;
  };
  // ONNX Runtime reports an input without a declared shape as a scalar. The runtime checks both.
  if (input.shape.length === 0) return;
  if (value.dims.length !== input.shape.length) {
    const missing = value.dims.length === input.shape.length - 1 && typeof input.shape[0] === 'string';
    throw wrong(missing ? `; the first dimension is the batch: use onnx.stack([tensor])` : '');
  }
  for (const [axis, expected] of input.shape.entries()) {
    const size = value.dims[axis] as number;
    if (typeof expected === 'number') {
      // A negative size means any size.
      if (expected >= 0 && expected !== size) throw wrong('');
      continue;
    }
    if (!isNamed(expected)) continue;
    const seen = symbols.get(expected);
    if (seen !== undefined && seen.size !== size) throw wrong(`; ${expected} is ${seen.size} in input ${seen.input}`);
    symbols.set(expected, { size, input: input.name });
  }
}

/** The runtime's binding reads dimensions as 32-bit integers. */
const MAX_DIMENSION = 2 ** 31 - 1;

/** The error of a tensor whose parts do not fit each other: it was made by hand, by a client if the code takes tensors as JSON. */
function wrongData(value: Tensor, reason: string): NbserveError {
  const error = InvalidTensor({ reason });
  // JSON holds no typed arrays, so code has made this tensor.
  return ArrayBuffer.isView(value.data) && !hasSizesOfData(value) ? error : aboutInput(error);
}

/** Checks a tensor's own values: it can be any object, such as one from a request's JSON. */
function checkData(name: string, value: Tensor): void {
  const { type, dims, data } = value;
  if (!dims.every((dim) => Number.isSafeInteger(dim) && dim >= 0 && dim <= MAX_DIMENSION))
    throw wrongData(
      value,
      `input ${name} has the dimensions [${dims.join(', ')}]; they must be integers from 0 to ${MAX_DIMENSION}`,
    );
  const kind = ArrayBuffer.isView(data) ? typeOfView(data as Arrays) : undefined;
  const fits =
    Array.isArray(data) || kind === type || (type === 'bool' && kind === 'uint8') || (type === 'float16' && kind === 'uint16');
  if (!fits) throw wrongData(value, `input ${name} is ${type}, its data is ${show(data)}`);
  if (type === 'bool' && kind === 'uint8') checkBooleans(data as Uint8Array);
  if (type === 'string') convert(type, data as ArrayLike<string>, dims);
}

function show(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? `a ${(value as object).constructor?.name ?? 'object'}` : `a ${typeof value}`;
}
