import { defineError } from '../../core/index.js';

export const NoModelId = defineError(
  'NBS_NO_MODEL_ID',
  400,
  "{method} needs the id of a model, got {got}; the caller sets it with the header serve_multiplexed_model_id, or with handle.options({ multiplexedModelId: 'a' })",
);
export const ModelsInUse = defineError(
  'NBS_MODELS_IN_USE',
  503,
  '{method}: there is no room for model {id}, and none can become free: this request holds {held} until it ends, and all {max} places are held by requests that wait for room as well; raise maxNumModelsPerReplica to the number of models that requests use at the same time, or use one model in each request',
);
