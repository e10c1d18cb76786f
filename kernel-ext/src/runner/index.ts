export { executeNotebook } from './execute.js';
export { parseParameter } from './parameters.js';
export type { RunnerArgs } from './runner-args.js';
