import { readFile, rename, writeFile } from 'node:fs/promises';
import { NoNotebook, NotANotebook } from './errors.js';

/** A text as notebooks store it: whole, or as lines with their line ends. */
export type MultilineText = string | string[];

export interface NotebookCell {
  cell_type: 'code' | 'markdown' | 'raw';
  id?: string;
  metadata: Record<string, unknown> & { tags?: string[] };
  source: MultilineText;
  execution_count?: number | null;
  outputs?: CellOutput[];
}

/** The output types of nbformat 4. */
export type CellOutput =
  | { output_type: 'stream'; name: 'stdout' | 'stderr'; text: MultilineText }
  | { output_type: 'display_data'; data: Record<string, unknown>; metadata: Record<string, unknown> }
  | { output_type: 'execute_result'; data: Record<string, unknown>; metadata: Record<string, unknown>; execution_count: number }
  | { output_type: 'error'; ename: string; evalue: string; traceback: string[] };

export interface Notebook {
  cells: NotebookCell[];
  metadata: Record<string, unknown>;
  nbformat: number;
  nbformat_minor: number;
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a folder',
  EACCES: 'it may not be read by you',
};

/** @throws NBS_NO_NOTEBOOK, NBS_NOT_A_NOTEBOOK */
export async function readNotebook(file: string): Promise<Notebook> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw NoNotebook({ file, reason: REASONS[error.code ?? ''] ?? error.message }, error);
  });
  let notebook: Notebook;
  try {
    notebook = JSON.parse(text) as Notebook;
  } catch (error) {
    throw NotANotebook({ file, reason: (error as Error).message }, error);
  }
  if (notebook.nbformat !== 4) throw NotANotebook({ file, reason: `nbformat is ${String(notebook.nbformat)}` });
  if (!Array.isArray(notebook.cells)) throw NotANotebook({ file, reason: 'it has no list of cells' });
  return notebook;
}

/** Writes the file as Jupyter does (one space of indentation, texts as lines, a line end last), all of it or nothing. */
export async function writeNotebook(file: string, notebook: Notebook): Promise<void> {
  const cells = notebook.cells.map((cell) => ({
    ...cell,
    source: toLines(cell.source),
    ...(cell.outputs === undefined ? {} : { outputs: cell.outputs.map(splitOutput) }),
  }));
  const unfinished = `${file}.${process.pid}.tmp`;
  await writeFile(unfinished, `${JSON.stringify({ ...notebook, cells }, null, 1)}\n`);
  await rename(unfinished, file);
}

export const textOf = (text: MultilineText): string => (Array.isArray(text) ? text.join('') : text);

/** Python's `splitlines(keepends=True)` for the line ends that notebooks have. */
const toLines = (text: MultilineText): string[] => textOf(text).match(/[^\n]*\n|[^\n]+$/g) ?? [];

function splitOutput(output: CellOutput): CellOutput {
  if (output.output_type === 'stream') return { ...output, text: toLines(output.text) };
  if (output.output_type === 'error') return output;
  const data = Object.entries(output.data).map(([mime, value]) => [
    mime,
    typeof value === 'string' && isSplitMime(mime) ? toLines(value) : value,
  ]);
  return { ...output, data: Object.fromEntries(data) as Record<string, unknown> };
}

/** The types that nbformat splits into lines (`nbformat/v4/rwbase.py`). */
const isSplitMime = (mime: string): boolean =>
  mime.startsWith('text/') || mime === 'image/svg+xml' || mime === 'application/javascript';
