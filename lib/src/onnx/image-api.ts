/** What `onnx.image.` offers. */
export { decode } from './image.js';
export type { DecodeOptions } from './image-options.js';
