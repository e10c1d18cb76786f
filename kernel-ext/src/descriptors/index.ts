export { Capture, type Captured, CaptureReader, Captures, type CaptureTaker } from './capture.js';
export { type Mark, MarkWriter, newSecret } from './marks.js';
export { OutputOrder, type StreamName } from './output-order.js';
export { asTheyAre, type OwnDescriptors, replaceDescriptors } from './own-descriptors.js';
export { PipeReaders } from './pipe-readers.js';
export { makePipes } from './pipes.js';
