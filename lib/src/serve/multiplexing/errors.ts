import { defineError } from '../../core/index.js';

export const NoModelId = defineError(
  'NBS_NO_MODEL_ID',
  400,
  "{method} needs the id of a model, got {got}; the caller names it in the header serve_multiplexed_model_id, or with handle.options({ multiplexedModelId: 'a' })",
);
