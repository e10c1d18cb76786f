import { defineError } from '../../../core/index.js';

export const NoCanary = defineError(
  'NBS_NO_CANARY',
  404,
  'that canary of {prefix} is not known any more; serve.canary begins one',
);
