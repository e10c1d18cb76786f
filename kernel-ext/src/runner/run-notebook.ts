import type { Session } from '../session/index.js';
import { CellOutputs, type DisplayTable } from './cell-outputs.js';
import { type Notebook, type NotebookCell, textOf } from './notebook-file.js';
import { hasTag, injectParameters, type Parameters } from './parameters.js';
import type { Watchdog } from './watchdog.js';

export interface RunOptions {
  readonly parameters: Parameters;
  /** For each cell; `null` is none. */
  readonly timeoutMs: number | null;
  /** Go on behind a cell that failed. */
  readonly allowErrors: boolean;
  /** Told of every printed text. */
  readonly echo?: (name: 'stdout' | 'stderr', text: string) => void;
  /** Told before each code cell. */
  readonly onCell?: (number: number, of: number) => void;
}

export interface CellFailure {
  /** Number of the code cell, from 1: what stands in its brackets. */
  readonly cell: number;
  readonly ename: string;
  readonly evalue: string;
  readonly traceback: readonly string[];
}

/**
 * Executes the notebook's code cells in order and puts their outputs into it. Ends at the first cell that fails, unless errors are allowed
 * or the cell is tagged `raises-exception`; cells tagged `skip-execution` are left alone. Output of timers and replicas that comes later
 * still goes to its cell until the session is disposed.
 * @returns the first failure, `null` where there was none
 */
export async function runNotebook(
  notebook: Notebook,
  session: Session,
  watchdog: Watchdog,
  options: RunOptions,
): Promise<CellFailure | null> {
  injectParameters(notebook, options.parameters);
  const cells = notebook.cells.filter((cell) => cell.cell_type === 'code' && !hasTag(cell, 'skip-execution'));
  for (const cell of cells) {
    cell.outputs = [];
    cell.execution_count = null;
  }
  const displays: DisplayTable = new Map();
  let count = 0;
  for (const cell of cells) {
    if (textOf(cell.source).trim() === '') continue;
    count += 1;
    options.onCell?.(count, cells.length);
    const failure = await runCell(cell, count, session, watchdog, displays, options);
    if (failure !== null && !options.allowErrors && !hasTag(cell, 'raises-exception')) return failure;
  }
  return null;
}

async function runCell(
  cell: NotebookCell,
  count: number,
  session: Session,
  watchdog: Watchdog,
  displays: DisplayTable,
  { timeoutMs, echo }: RunOptions,
): Promise<CellFailure | null> {
  const outputs = new CellOutputs(displays, echo);
  cell.outputs = outputs.list;
  cell.execution_count = count;
  const watched = watchdog.watch(timeoutMs, () => session.interrupt());
  let outcome = await session.execute(textOf(cell.source), { executionCount: count, silent: false, output: outputs });
  const { timedOut } = await watched.end();
  if (timedOut && outcome.status === 'error') {
    outcome = { ...outcome, ename: 'TimeoutError', evalue: `the cell did not finish within ${(timeoutMs as number) / 1000} s` };
  }
  outputs.finish(outcome, count);
  return outcome.status === 'error'
    ? { cell: count, ename: outcome.ename, evalue: outcome.evalue, traceback: outcome.traceback }
    : null;
}
