import { createRequire } from 'node:module';
import type * as Ort from 'onnxruntime-node';
import { RuntimeMissing } from './errors.js';

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
export type SessionOptions = Ort.InferenceSession.SessionOptions;
