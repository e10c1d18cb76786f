export { CellChildren, send, watchSpawns } from './cell-children.js';
export { processTable } from './process-table.js';
