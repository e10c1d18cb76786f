import { declaredParameters } from './declared-parameters.js';
import { UnknownParameter } from './errors.js';
import { type Notebook, type NotebookCell, textOf } from './notebook-file.js';
import { literal } from './parameter-value.js';

/** The parameters' values by name. */
export type Parameters = ReadonlyMap<string, unknown>;

/** The id of the new cell, if the notebook's cells have ids. */
const ID = 'injected-parameters';
const IDS_SINCE = 5;

/**
 * Adds a cell that sets the parameters, after the cell that is tagged `parameters`, else as the first cell. The new cell has the same tags as papermill's.
 * @param file the notebook's path, for the error
 * @returns what the user should know: a cell that is not tagged may set the same names again
 * @throws NBS_UNKNOWN_PARAMETER if the cell tagged `parameters` does not declare one of them
 */
export function injectParameters(file: string, notebook: Notebook, parameters: Parameters): string | undefined {
  if (parameters.size === 0) return undefined;
  notebook.cells = notebook.cells.filter((old) => !hasTag(old, 'injected-parameters'));
  const at = notebook.cells.findIndex((cell) => cell.cell_type === 'code' && hasTag(cell, 'parameters'));
  const declared = at === -1 ? undefined : declaredParameters(textOf((notebook.cells[at] as NotebookCell).source));
  const lines = [...parameters].map(([name, value]) => {
    const known = declared?.get(name);
    if (known === undefined && declared !== undefined)
      throw UnknownParameter({ file, name, declared: [...declared.keys()].join(', ') || 'none' });
    // A declared parameter keeps its keyword and type, so that later cells can still assign to it.
    return `${known?.keyword ?? 'const'} ${name}${known?.annotation ?? ''} = ${literal(value)}${known?.assertion ?? ''};`;
  });
  const cell: NotebookCell = {
    cell_type: 'code',
    ...(notebook.nbformat_minor >= IDS_SINCE ? { id: ID } : {}),
    metadata: { tags: ['injected-parameters'] },
    source: ['// Parameters', ...lines].join('\n'),
    execution_count: null,
    outputs: [],
  };
  notebook.cells.splice(at + 1, 0, cell);
  if (at !== -1) return undefined;
  const names = [...parameters.keys()].join(', ');
  return `${file} has no cell tagged "parameters"; ${names} ${parameters.size === 1 ? 'is' : 'are'} set before its first cell`;
}

export const hasTag = (cell: NotebookCell, tag: string): boolean =>
  Array.isArray(cell.metadata.tags) && cell.metadata.tags.includes(tag);
