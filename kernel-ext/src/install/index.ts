export { kernelArgv } from './argv.js';
export type { Scope } from './data-dir.js';
export { type InstallOptions, installKernelspec, kernelSpec, uninstallKernelspec } from './kernelspec.js';
