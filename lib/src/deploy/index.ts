/** Makes a cluster run what modules and configurations say. */

export { type Applied, applyConfig, deployedConfig, loadConfig } from './apply-config.js';
export { ConfigUnreadable } from './errors.js';
export { filesReadBefore, noteFilesRead } from './files-read.js';
export { loadApplication } from './load-application.js';
export { isConfigFile, readConfig } from './read-config.js';
export { type Watched, watchFiles } from './watch-files.js';
