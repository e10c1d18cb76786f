export type { Scope } from './data-dir.js';
export { type InstallOptions, installKernelspec, kernelArgv, uninstallKernelspec } from './kernelspec.js';
