export { takeLegacy } from './env.js';
export { startKernel } from './kernel.js';
