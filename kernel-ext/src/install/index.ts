export type { InstallScope } from './data-dir.js';
export { type InstallOptions, installKernelspec, kernelArgv, uninstallKernelspec } from './kernelspec.js';
export { installTranslator } from './papermill.js';
