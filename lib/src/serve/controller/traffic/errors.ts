import { defineError } from '../../../core/index.js';

export const NoCanary = defineError(
  'NBS_NO_CANARY',
  404,
  'the controller no longer knows that canary of {prefix}; start a new one with serve.canary',
);
