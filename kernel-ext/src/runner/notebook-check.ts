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
  if (!isMultiline(source)) return `has ${nameOf(source)} as its source, which is a text or a list of texts`;
  if (!isObject(metadata)) return `has ${nameOf(metadata)} as its metadata, which is an object`;
  const { execution_count: count = null, attachments = {} } = cell;
  if (count !== null && typeof count !== 'number')
    return `has ${nameOf(count)} as its execution_count, which is a number or null`;
  if (attachments !== null && !isObject(attachments)) return `has ${nameOf(attachments)} as its attachments, which are an object`;
  if (cell_type !== 'code' || outputs === null) return undefined;
  if (!Array.isArray(outputs)) return `has ${nameOf(outputs)} as its outputs, which are a list`;
  for (const [i, output] of outputs.entries()) {
    const problem = outputProblem(output);
    if (problem !== undefined) return `has an output (${i + 1} of ${outputs.length}) that ${problem}`;
  }
  return undefined;
}

/** The members that each type of output must have. */
const OUTPUT_MEMBERS: Readonly<Record<string, Readonly<Record<string, (value: unknown) => boolean>>>> = {
  stream: { name: isText, text: isMultiline },
  display_data: { data: isObject },
  execute_result: { data: isObject },
  error: { ename: isText, evalue: isText, traceback: isTexts },
};

function outputProblem(output: unknown): string | undefined {
  if (!isObject(output)) return `is ${nameOf(output)}, not an object`;
  const { output_type: type } = output;
  const members = typeof type === 'string' && Object.hasOwn(OUTPUT_MEMBERS, type) ? OUTPUT_MEMBERS[type] : undefined;
  if (members === undefined)
    return `has the output_type ${JSON.stringify(type)}; it is "stream", "display_data", "execute_result" or "error"`;
  for (const [name, isRight] of Object.entries(members)) {
    const value = output[name];
    if (value === undefined) return `has no ${name}`;
    if (!isRight(value)) return `has ${nameOf(value)} as its ${name}`;
  }
  return undefined;
}

function completed(cell: Fields): NotebookCell {
  const { metadata = {}, source = '', outputs, execution_count = null } = cell;
  const code = cell.cell_type === 'code' ? { execution_count, outputs: (outputs ?? []) as CellOutput[] } : {};
  // The order of the members stays, so that a notebook which is written again differs only in what has changed.
  const whole = { ...cell, metadata, source, ...code } as NotebookCell;
  if (cell.cell_type === 'code') return whole;
  // Other cells have neither outputs nor a count. Some tools write them there as null.
  delete whole.outputs;
  delete whole.execution_count;
  return whole;
}

/** Gives each cell a unique id, as nbformat does: if two are the same, the second gets another. */
function giveIds(cells: readonly NotebookCell[]): void {
  const taken = new Set<string>();
  for (const cell of cells) {
    if (typeof cell.id !== 'string' || !ID.test(cell.id) || taken.has(cell.id)) cell.id = randomBytes(4).toString('hex');
    taken.add(cell.id);
  }
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every(isText);
}

function isMultiline(value: unknown): value is string | string[] {
  return isText(value) || isTexts(value);
}

function nameOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'an object';
  return typeof value === 'string' ? 'a text' : `a ${typeof value}`;
}
