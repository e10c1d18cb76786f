/** The members of `onnx.image`. */
export { fromBase64 } from './base64.js';
export { decode } from './image.js';
export type { DecodeOptions, ImageFormat } from './image-options.js';
