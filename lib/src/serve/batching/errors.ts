import { defineError } from '../../core/index.js';

export const BatchLength = defineError(
  'NBS_BATCH_LENGTH',
  500,
  '{method} got a batch of {items} items and gave {results}; it must return one result for each item, in the same order',
);
export const BatchCall = defineError('NBS_BATCH_CALL', 400, '{method} is batched: {reason}');
export const NotBatched = defineError(
  'NBS_NOT_BATCHED',
  400,
  '{method} of {instance} is not decorated with @serve.batch; those that are: {batched}',
);
