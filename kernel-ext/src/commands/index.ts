export { buildCommand } from './build-command.js';
export { executeCommand } from './execute-command.js';
export { installCommand } from './install-command.js';
export { labCommand } from './lab-command.js';
export { lessonsCommand } from './lessons-command.js';
export { testCommand } from './test-command.js';
export { uninstallCommand } from './uninstall-command.js';
