/** What a host of user code needs: the notebook kernel, and the command line. Not for notebooks. */

export { type FolderRequire, importFrom, importModule, mapStack, requireFrom, SourceRegistry, warm } from '../code/index.js';
export { defineError, fromWireError, type WireError } from '../core/index.js';
export { runningCluster } from '../serve/local-serve.js';
export { setSourceRegistry } from '../serve/pack.js';
