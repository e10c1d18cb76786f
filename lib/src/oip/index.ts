/** Serves ONNX models under the Open Inference Protocol. */
export { findSources, type ModelSource } from './find-sources.js';
export { serveModels, serveOn } from './serve-models.js';
export { parseServeOptions } from './serve-options.js';
export type { ServedModel, ServeModelOptions } from './types.js';
