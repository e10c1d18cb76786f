import { defineError } from 'nbserve/errors';

export const NoConnectionFile = defineError(
  'NBS_USAGE',
  400,
  'usage: node main.js <connection file>; Jupyter starts it that way',
);
