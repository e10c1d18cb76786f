export type { MagicContext } from './context.js';
export { completeMagic, runCellMagic, runMagic } from './magics.js';
export { type CellMagic, type Magic, type SplitCell, splitCell } from './split-cell.js';
