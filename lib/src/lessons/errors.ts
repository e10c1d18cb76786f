import { defineError } from '../core/index.js';

export const SolutionWrong = defineError(
  'NBS_SOLUTION_WRONG',
  500,
  'the solution fails its own check: the lines above say what is wrong',
);
