import { defineError } from '../../core/index.js';

export const LayerMismatch = defineError(
  'NBS_TRAIN_LAYER_MISMATCH',
  400,
  'the layer {layer} ({kind}) takes {expected}, but it gets {actual}',
);
export const BatchMismatch = defineError(
  'NBS_TRAIN_BATCH_MISMATCH',
  400,
  'the {part} of a batch must be {expected}, got {actual}',
);
export const LossNotFinite = defineError(
  'NBS_TRAIN_LOSS_NOT_FINITE',
  500,
  'the loss is {loss} in step {step}; a smaller learning rate, or data without NaN and infinity, may help',
);
export const StateMismatch = defineError('NBS_TRAIN_STATE_MISMATCH', 409, '{source} does not fit: {reason}');
