export { batch } from './batch.js';

export type { Batch, BatchDecorator, BatchOptions } from './types.js';
