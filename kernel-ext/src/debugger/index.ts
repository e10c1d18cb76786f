export { DebugAdapter } from './debug-adapter.js';
export { type CodePositions, type DebugView, packed, showToDebugger } from './view.js';
