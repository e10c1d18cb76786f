/** Modules from notebooks: what the applications of a notebook need, without the rest of it. Knows no files. */

export { type BuiltNotebook, buildNotebook, type LeftOutLine, type NotebookSource } from './build-notebook.js';
export type { CellText } from './statement.js';
