export type { MagicContext } from './context.js';
export { completeMagic, runCellMagic, runMagic } from './magics.js';
export { type SplitCell, splitCell } from './split-cell.js';
