import { duration, integer, parseOptions } from '../../core/index.js';
import type { BatchOptions } from './types.js';

/** Every option of `serve.batch`. */
export const BATCH_OPTIONS = {
  maxBatchSize: integer({
    doc: 'Items that the method gets at a time, at most. Full batches need a deployment whose `maxOngoingRequests` is not less.',
    default: 10,
    min: 1,
  }),
  batchWaitTimeout: duration({
    doc: 'How long the first item of a batch waits for others; 0 is until the end of the tick.',
    where: 'batchWaitTimeout',
    default: 10,
  }),
  maxConcurrentBatches: integer({
    doc: 'Batches that an instance works on at a time; meanwhile the next one fills up.',
    default: 1,
    min: 1,
  }),
} as const;

export interface BatchSettings {
  readonly maxBatchSize: number;
  readonly batchWaitTimeoutMs: number;
  readonly maxConcurrentBatches: number;
}

/** @throws NBS_UNKNOWN_OPTION, NBS_INVALID_OPTION, NBS_INVALID_DURATION */
export function batchSettings(options: BatchOptions): BatchSettings {
  const {
    maxBatchSize,
    batchWaitTimeout: batchWaitTimeoutMs,
    maxConcurrentBatches,
  } = parseOptions('serve.batch', BATCH_OPTIONS, {
    ...options,
  });
  return { maxBatchSize, batchWaitTimeoutMs, maxConcurrentBatches };
}
