export { isContinued } from './candidates.js';
export type { MagicContext, NotebookAccess } from './context.js';
export type { DeclaredName, FirstOperand, Grammar, SyntaxPlaces, TimedCode } from './grammar.js';
export { completeMagic, isMagic, runCellMagic, runMagic, shellLines } from './magics.js';
export { cellsOfFile } from './notebook-magics.js';
export { magics } from './registry.js';
export { type Magic, type SplitCell, splitCell } from './split-cell.js';
export { timeit } from './timeit.js';
export { filled } from './values.js';
