/** The members of `onnx`. */

export type { ServedModel, ServeModelOptions } from '../../oip/types.js';
export type { LabelMap, Pixels, Preset } from '../index.js';
export {
  type Attempt,
  argmax,
  concat,
  type DataOf,
  type DataType,
  type Device,
  type DeviceChoice,
  type DeviceReport,
  type Feeds,
  fromFloat16,
  image,
  isTensor,
  type LoadOptions,
  type LogLevel,
  load,
  type Model,
  type Nested,
  type OutputTypes,
  type Ranked,
  type Results,
  reshape,
  softmax,
  split,
  stack,
  type Tensor,
  type TensorInfo,
  tensor,
  toArray,
  toFloat16,
  topK,
  unstack,
} from '../index.js';
export { inferenceProto } from './inference-proto.js';
export { serve } from './serve.js';
