import { randomBytes } from 'node:crypto';
import type { CellOutput, Notebook, NotebookCell } from './notebook-file.js';

const CELL_TYPES: readonly unknown[] = ['code', 'markdown', 'raw'];
/** The minor version of nbformat 4 from which on cells have ids. */
const IDS_SINCE = 5;
const ID = /^[a-zA-Z0-9_-]{1,64}$/;

type Fields = Record<string, unknown>;

/** The notebook, with the members that Jupyter adds if a file lacks them (metadata, ids, outputs). A text that says what is wrong, if the value is not a notebook. */
export function checkedNotebook(value: unknown): Notebook | string {
  if (!isObject(value)) return `it holds ${nameOf(value)}, not an object`;
  const { nbformat, nbformat_minor: minor = 0, metadata = {}, cells } = value;
  if (nbformat !== 4) {
    const older = typeof nbformat === 'number' && nbformat < 4;
    return `nbformat is ${JSON.stringify(nbformat)}${older ? '; convert it with `jupyter nbconvert --to notebook --nbformat 4`' : ''}`;
  }
  if (typeof minor !== 'number') return `nbformat_minor is ${nameOf(minor)}`;
  if (!isObject(metadata)) return `its metadata is ${nameOf(metadata)}, not an object`;
  if (!Array.isArray(cells)) return 'it has no list of cells';
  for (const [i, cell] of cells.entries()) {
    const problem = problemOf(cell);
    if (problem !== undefined) return `cell ${i + 1} of its list ${problem}`;
  }
  const notebook = { ...value, nbformat, nbformat_minor: minor, metadata, cells: (cells as Fields[]).map(completed) };
  if (minor >= IDS_SINCE) giveIds(notebook.cells);
  return notebook;
}

function problemOf(cell: unknown): string | undefined {
  if (!isObject(cell)) return `is ${nameOf(cell)}, not an object`;
  const { cell_type, source = '', metadata = {}, outputs = [] } = cell;
  if (!CELL_TYPES.includes(cell_type)) return `has the cell_type ${JSON.stringify(cell_type)}; it is "code", "markdown" or "raw"`;
  if (typeof source !== 'string' && !isTexts(source))
    return `has ${nameOf(source)} as its source, which is a text or a list of texts`;
  if (!isObject(metadata)) return `has ${nameOf(metadata)} as its metadata, which is an object`;
  if (outputs !== null && !Array.isArray(outputs)) return `has ${nameOf(outputs)} as its outputs, which are a list`;
  return undefined;
}

function completed(cell: Fields): NotebookCell {
  const { cell_type, metadata = {}, source = '', outputs, execution_count = null } = cell;
  const code = cell_type === 'code' ? { execution_count, outputs: (outputs ?? []) as CellOutput[] } : {};
  return { ...cell, metadata, source, ...code } as NotebookCell;
}

/** Gives each cell a unique id, as nbformat does: if two are the same, the second gets another. */
function giveIds(cells: readonly NotebookCell[]): void {
  const taken = new Set<string>();
  for (const cell of cells) {
    if (typeof cell.id !== 'string' || !ID.test(cell.id) || taken.has(cell.id)) cell.id = randomBytes(4).toString('hex');
    taken.add(cell.id);
  }
}

const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);
const isTexts = (value: unknown): value is string[] => Array.isArray(value) && value.every((line) => typeof line === 'string');

function nameOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'an object';
  return typeof value === 'string' ? 'a text' : `a ${typeof value}`;
}
