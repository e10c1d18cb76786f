export { type KernelOptions, startKernel } from './kernel.js';
export { ProcessExit } from './process-guard.js';
