export { DebugAdapter } from './debug-adapter.js';
export type { ReplicaDoor } from './debug-runs.js';
export { type CodePositions, type DebugView, type Place, packed, showToDebugger } from './view.js';
