/** The members of `onnx`. */
export { fromBfloat16, toBfloat16 } from './bfloat16.js';
export type { DeviceChoice } from './device.js';
export { type DeviceDiagnosis, type Diagnosis, diagnose } from './diagnose.js';
export { fromFloat16, toFloat16 } from './float16.js';
export * as image from './image-api.js';
export { load } from './load.js';
export type { ModelMetadata } from './metadata.js';
export type { Model } from './model.js';
export { type Attribute, decodeWeights, encodeModel, type GraphNode, type GraphSpec } from './model-file.js';
export type { LoadOptions, LogLevel, OptimizationLevel, RunIn, RunOptions } from './options.js';
export { profile } from './profile.js';
export type { Attempt, DeviceReport } from './report.js';
export type { ProfiledNode, RunProfile } from './run-profile.js';
export { concat, split, stack, unstack } from './stack.js';
export { isTensor, reshape, tensor, toArray } from './tensor.js';
export { argmax, type Ranked, softmax, topK } from './tensor-math.js';
export { type TunedBatch, type TunedStep, type TuneOptions, tuneBatch } from './tune-batch.js';
export type { DataOf, DataType, Device, Feeds, Nested, OutputTypes, Results, RunPlace, Tensor, TensorInfo } from './types.js';
