import type { TensorInfo } from '../onnx/index.js';
import { datatypeOf, widthOf } from './data-types.js';
import { BadInference } from './errors.js';
import type { InferRequest } from './infer-request.js';
import { elementsOf, textOf } from './tensor-bytes.js';

const bad = (reason: string): Error =>
  BadInference({ reason: `a request of raw bytes (Inference-Header-Content-Length: 0) ${reason}` });

/**
 * Reads a request whose body is only the data of the single input: little-endian and row-major, or one text for an input of texts. The shape is that of the
 * model. One free dimension follows from the number of bytes; if there are two, the first one is 1.
 * @throws NBS_OIP_BAD_REQUEST
 */
export function readRaw(body: Uint8Array, inputs: readonly TensorInfo[]): InferRequest {
  const [input] = inputs;
  if (input === undefined || inputs.length > 1) throw bad(`needs a model with one input, and this one has ${inputs.length}`);
  const { name, type = 'float32', shape } = input;
  const dims = shape.map((dim) => (typeof dim === 'number' && dim >= 0 ? dim : -1));
  const rest = { id: '', outputs: null, binaryByDefault: true };
  if (type === 'string') {
    const own = dims.map((dim) => (dim < 0 ? 1 : dim));
    if (own.some((dim) => dim !== 1)) throw bad(`has one text, and the input ${name} has the shape [${dims.join(', ')}]`);
    return { ...rest, feeds: { [name]: { type, dims: own, data: [textOf(name, body)] } } };
  }
  const free = dims.filter((dim) => dim < 0).length;
  if (free > 1 && dims[0] === -1) dims[0] = 1;
  if (dims.filter((dim) => dim < 0).length > 1)
    throw bad(
      `does not say the shape of the input ${name}, of which several dimensions are free: [${dims.join(', ')}]; send it with JSON`,
    );
  const width = widthOf(type);
  const known = dims.reduce((product, dim) => (dim < 0 ? product : product * dim), width);
  const place = dims.indexOf(-1);
  if (place >= 0 && known > 0 && body.length % known === 0) dims[place] = body.length / known;
  const count = dims.reduce((product, dim) => product * dim, 1);
  if (count < 0 || count * width !== body.length)
    throw bad(
      `has ${body.length} bytes, and the input ${name} has the type ${datatypeOf(type)} and the shape [${dims.join(', ')}]: ${place < 0 ? '' : 'a multiple of '}${known} bytes`,
    );
  return { ...rest, feeds: { [name]: { type, dims, data: elementsOf(name, type, count, body) } } };
}
