import { createRequire } from 'node:module';
import type * as Ort from 'onnxruntime-node';
import { withoutTelemetry } from '../core/index.js';
import { convert, copyOf, type Leaf } from './elements.js';
import { RuntimeMissing } from './errors.js';
import { bitsOf } from './float16.js';
import type { Tensor } from './types.js';

let runtime: typeof Ort | undefined;

/**
 * ONNX Runtime. It is loaded with the first model, because it takes 0.1 s and 12 MB.
 * @throws NBS_ONNX_RUNTIME_MISSING
 */
export function loadRuntime(): typeof Ort {
  if (runtime !== undefined) return runtime;
  withoutTelemetry();
  try {
    runtime = createRequire(import.meta.url)('onnxruntime-node') as typeof Ort;
  } catch (error) {
    throw RuntimeMissing({ reason: (error as Error).message }, error);
  }
  // This is the log of what belongs to no model, such as a search for GPUs that finds none. What it says about a failure is also in the exception.
  runtime.env.logLevel = 'fatal';
  return runtime;
}

export type OrtSession = Ort.InferenceSession;
export type OrtSessionOptions = Ort.InferenceSession.SessionOptions;

/**
 * Makes the binding's tensor. The elements are copied, because the binding reads them in a later turn of the loop, when the caller may have changed them.
 * @throws NBS_ONNX_INVALID_TENSOR if plain numbers do not fit the type
 */
export function toRuntime(ort: typeof Ort, { type, dims, data }: Tensor): unknown {
  const elements = type !== 'string' && Array.isArray(data) ? convert(type, data as unknown as ArrayLike<Leaf>) : copyOf(data);
  if (type !== 'float16') return new ort.Tensor(type as 'float32', elements as Float32Array, dims);
  // On Node 24 the package would make a Float16Array, which the binding cannot read. It needs the bits, on every Node.
  const tensor = new ort.Tensor('uint16', bitsOf(elements) as Uint16Array, dims);
  Object.defineProperty(tensor, 'type', { value: 'float16', enumerable: true });
  return tensor;
}
