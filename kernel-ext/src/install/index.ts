export { kernelArgv } from './argv.js';
export type { Scope } from './data-dir.js';
export { type InstallOptions, installKernelspec, uninstallKernelspec } from './kernelspec.js';
