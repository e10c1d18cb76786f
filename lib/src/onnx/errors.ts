import { defineError } from '../core/index.js';

export const ModelNotFound = defineError('NBS_ONNX_NOT_FOUND', 404, 'no model file at {path}');
export const NotAnOnnxModel = defineError(
  'NBS_ONNX_INVALID_MODEL',
  400,
  '{source} is not an ONNX model that ONNX Runtime can read: {reason}',
);
export const LoadFailed = defineError('NBS_ONNX_LOAD_FAILED', 400, '{source} cannot be loaded on {device}: {reason}');
export const RuntimeMissing = defineError(
  'NBS_ONNX_RUNTIME_MISSING',
  500,
  'onnxruntime-node cannot be loaded ({reason}); install it with ONNXRUNTIME_NODE_INSTALL=skip npm install onnxruntime-node',
);
export const DeviceUnavailable = defineError(
  'NBS_ONNX_DEVICE_UNAVAILABLE',
  503,
  'device {device} cannot run this model: {reason}; {valid}',
);
export const WrongAnswers = defineError('NBS_ONNX_WRONG_ANSWERS', 503, '{device} computes wrong answers: {difference}');
export const UnknownInput = defineError('NBS_ONNX_UNKNOWN_INPUT', 400, 'the model has no input {name}; its inputs are {valid}');
export const MissingInput = defineError('NBS_ONNX_MISSING_INPUT', 400, 'input {name} is missing; the inputs are {valid}');
/** The client gets status 400 if the type comes from its data, and 500 if your code chose it. */
export const WrongType = defineError('NBS_ONNX_WRONG_TYPE', 400, 'input {name} must be {expected}, got {actual}');
/** The client gets status 400 if the shape comes from its data, and 500 if your code chose it. */
export const WrongShape = defineError(
  'NBS_ONNX_WRONG_SHAPE',
  400,
  'input {name} must have the shape {expected}, got {actual}{hint}',
);
export const UnknownOutput = defineError(
  'NBS_ONNX_UNKNOWN_OUTPUT',
  400,
  'the model has no output {name} of type {type}; its outputs are {valid}',
);
export const InvalidTensor = defineError('NBS_ONNX_INVALID_TENSOR', 400, 'not a tensor: {reason}');
export const CannotBatch = defineError('NBS_ONNX_CANNOT_BATCH', 400, 'cannot run these as one batch: {reason}');
export const ModelDisposed = defineError('NBS_ONNX_DISPOSED', 409, 'the model {name} was disposed; load it again');
export const RunFailed = defineError('NBS_ONNX_RUN_FAILED', 500, 'the model {name} failed on {device}: {reason}');
export const OutOfMemory = defineError(
  'NBS_ONNX_OUT_OF_MEMORY',
  503,
  'there is not enough memory for {name} on {device}: {reason}',
);
export const RunTimedOut = defineError(
  'NBS_ONNX_RUN_TIMEOUT',
  504,
  'a run of {name} took longer than its timeout of {timeoutMs} ms, and was ended',
);
export const RunCancelled = defineError('NBS_ONNX_RUN_CANCELLED', 499, 'a run of {name} was ended with its request: {reason}');
export const NotBeside = defineError(
  'NBS_ONNX_NOT_BESIDE',
  400,
  "{source} cannot be run beside the event loop: {reason}; runIn: 'auto' runs it in the loop then",
);
export const UnsupportedType = defineError(
  'NBS_ONNX_UNSUPPORTED_TYPE',
  400,
  'the model {name} has an output that cannot be read here: {outputs}; end the model with a Cast to another type, or ask for other outputs with { outputs }',
);
export const InvalidGraph = defineError('NBS_ONNX_INVALID_GRAPH', 400, 'no ONNX file can be made of this graph: {reason}');
export const UnsupportedInput = defineError(
  'NBS_ONNX_UNSUPPORTED_INPUT',
  400,
  'the model {name} has an input that cannot be given here: {inputs}; inputs must be tensors of {valid}, and not sequences, maps, optionals or other element types; export the model with tensors',
);
export const InvalidImage = defineError('NBS_IMAGE_INVALID', 415, 'not an image that can be read: {reason}; valid are {valid}');
export const ImageNotBytes = defineError(
  'NBS_IMAGE_NOT_BYTES',
  400,
  '{where} takes the bytes of an image, got {actual}; onnx.image.fromBase64 makes them of base64 and of data URLs',
);
export const ImageNotPixels = defineError('NBS_IMAGE_NOT_PIXELS', 400, 'not a picture in memory: {reason}');
export const InvalidPreset = defineError('NBS_IMAGE_PRESET', 400, '{source} cannot be used to prepare pictures: {reason}');
export const ImageTooLarge = defineError('NBS_IMAGE_TOO_LARGE', 413, 'decoding the image needs too much work: {reason}');
export const InvalidBase64 = defineError('NBS_BASE64_INVALID', 400, 'not base64 or a data URL in base64: {reason}');
