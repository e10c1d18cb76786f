/** Configurations of applications: from YAML to checked options, and back. Knows no cluster. */

export { InvalidConfig } from './errors.js';
export { formatConfig } from './format-config.js';
export { keptOptions } from './kept-options.js';
export { type CheckedConfig, parseConfig } from './parse-config.js';
export type { ApplicationConfig, DeployConfig, DeploymentOverride } from './types.js';
