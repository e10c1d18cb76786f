import { createRequire } from 'node:module';
import type * as Ort from 'onnxruntime-node';
import { convert, type Leaf } from './elements.js';
import { RuntimeMissing } from './errors.js';
import { bitsOf } from './float16.js';
import type { Tensor } from './types.js';

let runtime: typeof Ort | undefined;

/**
 * ONNX Runtime, loaded when the first model is: importing this room must not cost its 0.1 s and 12 MB.
 * @throws NBS_ONNX_RUNTIME_MISSING
 */
export function loadRuntime(): typeof Ort {
  if (runtime !== undefined) return runtime;
  try {
    runtime = createRequire(import.meta.url)('onnxruntime-node') as typeof Ort;
  } catch (error) {
    throw RuntimeMissing({ reason: (error as Error).message }, error);
  }
  // The runtime's log goes to the native stderr, past the notebook's output; what it says of a failure is in the exception too.
  runtime.env.logLevel = 'fatal';
  return runtime;
}

export type OrtSession = Ort.InferenceSession;
export type OrtSessionOptions = Ort.InferenceSession.SessionOptions;

/** A tensor as the binding takes it. @throws NBS_ONNX_INVALID_TENSOR where plain numbers do not fit the type */
export function toRuntime(ort: typeof Ort, { type, dims, data }: Tensor): unknown {
  const elements = type !== 'string' && Array.isArray(data) ? convert(type, data as unknown as ArrayLike<Leaf>) : data;
  if (type !== 'float16') return new ort.Tensor(type as 'float32', elements as Float32Array, dims);
  // On Node 24 the package makes a Float16Array of it, which the binding cannot read: it wants the bits, on every Node.
  const tensor = new ort.Tensor('uint16', bitsOf(elements) as Uint16Array, dims);
  Object.defineProperty(tensor, 'type', { value: 'float16', enumerable: true });
  return tensor;
}
