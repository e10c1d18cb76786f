export { batch } from './batch.js';
export { BATCH_OPTIONS } from './options.js';
export type { Batch, BatchDecorator, BatchOptions } from './types.js';
