import { defineError } from '../core/index.js';

export const NothingToBuild = defineError(
  'NBS_NOTHING_TO_BUILD',
  400,
  '{file} runs no application: no cell has serve.run(…) or .deploy() outside of functions{notes}',
);
export const CannotBuild = defineError('NBS_CANNOT_BUILD', 400, '{file}, cell {cell}: {problem}');
