import { duration, integer, parseOptions } from '../../core/index.js';
import type { BatchOptions } from './types.js';

/** Every option of `serve.batch`. */
export const BATCH_OPTIONS = {
  maxBatchSize: integer({
    doc: 'Largest number of items in a batch. Batches become full only if `maxOngoingRequests` of the deployment is at least as high. Raise it if larger batches take less time for each item.',
    default: 10,
    min: 1,
  }),
  batchWaitTimeout: duration({
    doc: 'How long the first item of a batch waits for others. 0 means until the end of the current turn of the event loop. Raise it for fuller batches, and lower it for faster answers.',
    where: 'batchWaitTimeout',
    default: 10,
  }),
  maxConcurrentBatches: integer({
    doc: 'Number of batches of the method that one instance works on at the same time. The batches for all models count together. Meanwhile the next batch collects items. Raise it if a batch waits for something else than this process.',
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
