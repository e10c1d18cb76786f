export { DebugAdapter } from './debug-adapter.js';
export { type CodePositions, type DebugView, type Place, packed, showToDebugger } from './view.js';
