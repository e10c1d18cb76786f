export { CellChildren } from './cell-children.js';
export { processTable } from './process-table.js';
export { watchSpawns } from './spawn-watch.js';
