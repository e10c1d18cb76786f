/** The members of `onnx.image`. */
export { fromBase64 } from './base64.js';
export { decode, read } from './image.js';
export type { DecodeOptions, ImageFormat, ReadOptions } from './image-options.js';
export { type EncodeOptions, encode, respond } from './images/encode.js';
export { grey, sharpen } from './images/filters.js';
export { type Box, fromLetterbox, type Geometry, type LetterboxOptions, letterbox } from './images/letterbox.js';
export { drawBoxes, type LabelledBox, type OverlayOptions, overlay } from './images/overlay.js';
export type { LabelMap, Pixels } from './images/pixels.js';
export { type Preset, prepare, preset } from './images/preset.js';
export type { Kernel } from './images/resample.js';
export { crop, type Fit, type ResizeOptions, resize } from './images/resize.js';
export { overlap, reduceLabels, segmentation } from './images/segmentation.js';
export { type ShownPicture, show } from './images/show.js';
export { type ToTensorOptions, toTensor } from './images/to-tensor.js';
