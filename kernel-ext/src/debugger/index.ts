export { DebugAdapter } from './debug-adapter.js';
export type { ReplicaDoor } from './debug-runs.js';
export { computes, isKernels, isNbserves } from './own-code.js';
export { type CodePositions, type DebugView, type Place, packed, showToDebugger } from './view.js';
