/** What `onnx.image.` offers. */
export { type DecodeOptions, decode } from './image.js';
