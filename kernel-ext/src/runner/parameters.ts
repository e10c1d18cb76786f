import { type Notebook, type NotebookCell, textOf } from './notebook-file.js';

/** `-p name value` of the command line: JSON where it is, else a text. */
export type Parameters = ReadonlyMap<string, unknown>;

export function parseParameter(value: string): unknown {
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
}

/** Adds a cell that sets the parameters: behind the cell tagged `parameters`, else first. As papermill does it, tags included. */
export function injectParameters(notebook: Notebook, parameters: Parameters): void {
  if (parameters.size === 0) return;
  const declared = notebook.cells.findIndex((cell) => hasTag(cell, 'parameters'));
  const known = declared === -1 ? '' : textOf((notebook.cells[declared] as NotebookCell).source);
  const lines = [...parameters].map(([name, value]) => {
    // A parameter that the notebook declares keeps its declared kind, so that later cells may go on assigning it.
    const keyword = new RegExp(`\\b(const|let|var)\\s+${name}\\b`).exec(known)?.[1] ?? 'const';
    return `${keyword} ${name} = ${JSON.stringify(value)};`;
  });
  const cell: NotebookCell = {
    cell_type: 'code',
    id: 'injected-parameters',
    metadata: { tags: ['injected-parameters'] },
    source: ['// Parameters', ...lines].join('\n'),
    execution_count: null,
    outputs: [],
  };
  notebook.cells = notebook.cells.filter((old) => !hasTag(old, 'injected-parameters'));
  notebook.cells.splice(declared + 1, 0, cell);
}

export const hasTag = (cell: NotebookCell, tag: string): boolean =>
  Array.isArray(cell.metadata.tags) && cell.metadata.tags.includes(tag);
