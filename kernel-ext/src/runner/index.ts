export { isVariableName } from './declared-parameters.js';
export { executeNotebook } from './execute.js';
export { readNotebook } from './notebook-file.js';
export { parseParameter } from './parameter-value.js';
