import { existsSync, readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { stripVTControlCharacters } from 'node:util';
import { patience } from 'nbserve/basics';
import { isNbserveError } from 'nbserve/errors';
import {
  type CellOutput,
  type ExecutedCell,
  type Notebook,
  type NotebookCell,
  NotebookExecution,
  NothingRaised,
  OutputFile,
  readNotebook,
  textOf,
} from '../runner/index.js';
import { cellLines } from './cell-lines.js';
import { ignoresOutput, TEST_RULES, toleranceOf } from './cell-tags.js';
import { type ComparisonRules, compareOutputs, type Difference } from './comparison.js';
import { NotebookChanged } from './errors.js';
import { failedLine } from './failed-line.js';
import { type CellResult, CellStatus, isRed, type NotebookResult } from './result.js';

export interface NotebookTestOptions {
  /** Absolute path of the notebook. */
  readonly file: string;
  /** Its path for people. */
  readonly name: string;
  /** Absolute path to write the executed notebook to; `null` writes nothing. */
  readonly output: string | null;
  readonly parameters: readonly (readonly [name: string, value: unknown])[];
  /** The limit for each cell, in ms; `null` is no limit. */
  readonly cellTimeoutMs: number | null;
  /** The limit for the notebook, in ms; `null` is no limit. */
  readonly notebookTimeoutMs: number | null;
  /** How outputs are compared; `null` compares none. */
  readonly rules: ComparisonRules | null;
  /** Whether outputs that differ are written into the notebook. */
  readonly update: boolean;
  /** Is called with each warning. */
  readonly onNote: (text: string) => void;
  /** Is called before each cell. @param count the number of all cells that are run */
  readonly onCell?: ((number: number, count: number) => void) | undefined;
}

/** What a notebook says about one of its cells, before it is run. */
interface Expected {
  readonly outputs: readonly CellOutput[];
  /** False if the notebook was saved without outputs. */
  readonly known: boolean;
  readonly tolerance?: number | undefined;
  readonly lines: readonly number[];
}

/** The test of one notebook, which runs in a process of its own. */
export class NotebookTest {
  readonly #options: NotebookTestOptions;
  readonly #started = performance.now();
  readonly #began = new Map<number, number>();
  #execution: NotebookExecution | undefined;
  #stopped: NodeJS.Signals | undefined;

  constructor(options: NotebookTestOptions) {
    this.#options = options;
  }

  /** Never rejects: whatever goes wrong is in the result. */
  async run(): Promise<NotebookResult> {
    const { name } = this.#options;
    try {
      return await this.#run();
    } catch (error) {
      return { name, passed: false, seconds: this.#seconds(), cells: [], problem: problemOf(error), peakBytes: 0 };
    }
  }

  stop(signal: NodeJS.Signals): void {
    this.#stopped ??= signal;
    this.#execution?.stop(signal);
  }

  abandon(): void {
    this.#execution?.abandon();
  }

  async #run(): Promise<NotebookResult> {
    const { file, name, output, parameters, cellTimeoutMs, notebookTimeoutMs, onNote } = this.#options;
    const notebook = await readNotebook(file);
    const original = structuredClone(notebook);
    const text = readFileSync(file, 'utf8');
    const expected = expectedOf(notebook, text);
    const execution = await NotebookExecution.start(
      { input: file, output, folder: null, parameters, timeoutMs: cellTimeoutMs, allowErrors: false },
      {
        onPrint: () => {},
        onNote: (_, text) => onNote(text),
        onCell: (number, count) => {
          this.#began.set(number, performance.now());
          this.#options.onCell?.(number, count);
        },
      },
      TEST_RULES,
      notebook,
    );
    this.#execution = execution;
    if (this.#stopped !== undefined) execution.stop(this.#stopped);
    const stopTimer =
      notebookTimeoutMs === null ? () => {} : patience(notebookTimeoutMs, () => execution.expire(notebookTimeoutMs));
    const failure = await execution.done().finally(stopTimer);
    const cells = this.#resultsOf(execution, expected);
    const updated = this.#update(original, text, execution, expected, cells);
    const changed = updated === undefined ? problemOf(NotebookChanged({ file: name })) : undefined;
    const problem = failure?.cell === 0 ? `${failure.error.ename}: ${failure.error.evalue}, before the first cell` : changed;
    return {
      name,
      passed: failure === undefined && updated?.some(isRed) === false && this.#stopped === undefined,
      seconds: this.#seconds(),
      cells: updated ?? cells,
      ...(problem === undefined ? {} : { problem }),
      peakBytes: execution.peakBytes,
    };
  }

  #resultsOf({ notebook, running }: NotebookExecution, expected: ReadonlyMap<NotebookCell, Expected>): readonly CellResult[] {
    const executed = new Map(running.cells.map((cell) => [cell.cell, cell]));
    const last = running.last?.number ?? 0;
    const results: CellResult[] = [];
    for (const [i, cell] of notebook.cells.entries()) {
      if (cell.cell_type !== 'code' || textOf(cell.source).trim() === '') continue;
      const known = expected.get(cell);
      const line = known?.lines[0] ?? null;
      const run = executed.get(cell);
      if (run === undefined) {
        results.push({ name: `cell at ${i + 1}`, line, status: CellStatus.SKIPPED, seconds: 0 });
        continue;
      }
      const name = `cell ${run.number}`;
      if (run.number > last) results.push({ name, line, status: CellStatus.NOT_RUN, seconds: 0 });
      else if (run.failure !== undefined) results.push({ name, ...this.#failed(run, known, run.failure) });
      else if (run.isCut) results.push({ name, line, status: CellStatus.INTERRUPTED, seconds: this.#secondsOf(run.number) });
      else results.push({ name, line, seconds: this.#secondsOf(run.number), ...this.#compared(cell, known) });
    }
    return results;
  }

  #failed(
    cell: ExecutedCell,
    known: Expected | undefined,
    error: NonNullable<ExecutedCell['failure']>,
  ): Omit<CellResult, 'name'> {
    const traceback = stripVTControlCharacters(error.traceback.join('\n'));
    const inCell = error.line ?? failedLine(traceback, cell.number);
    const lines = known?.lines ?? [];
    // If the source is one text, all of its lines are in the same line of the file.
    const line = lines[Math.min(inCell ?? 1, lines.length) - 1] ?? null;
    // The report's line is then that of the cell, and nobody must take it for the line that failed.
    const place = inCell === undefined ? 'which line of the cell is not known' : `line ${inCell} of the cell`;
    return {
      line,
      status: CellStatus.FAILED,
      seconds: this.#secondsOf(cell.number),
      message: `${error.ename}: ${stripVTControlCharacters(error.evalue)}${error.ename === NothingRaised.code ? '' : ` (${place})`}`,
      details: traceback.split('\n'),
    };
  }

  #compared(cell: NotebookCell, known: Expected | undefined): Pick<CellResult, 'status' | 'message' | 'details'> {
    const { rules } = this.#options;
    if (rules === null || known?.known !== true || ignoresOutput(cell)) return { status: CellStatus.RAN };
    const tolerance = known.tolerance ?? rules.tolerance;
    const differences = compareOutputs(known.outputs, cell.outputs ?? [], { ...rules, tolerance });
    if (differences.length === 0) return { status: CellStatus.PASSED };
    return {
      status: CellStatus.DIFFERS,
      message: differences.map(({ what }) => what).join('; '),
      details: differences.flatMap(linesOf),
    };
  }

  /**
   * Writes outputs that differ, and those that the notebook lacks, into the notebook's file. A notebook that failed is left as it is.
   * @param text what the file contained when it was read
   * @returns undefined if somebody has changed the file since then: what was saved then is not lost
   */
  #update(
    original: Notebook,
    text: string,
    { notebook, running }: NotebookExecution,
    expected: ReadonlyMap<NotebookCell, Expected>,
    results: readonly CellResult[],
  ): readonly CellResult[] | undefined {
    const { update, file } = this.#options;
    const isFine = !results.some(({ status }) => status === CellStatus.FAILED || status === CellStatus.NOT_RUN);
    if (!update || !isFine || this.#stopped !== undefined) return results;
    const places = [...expected.keys()];
    const byName = new Map(results.map((result) => [result.name, result]));
    const updated = new Set<string>();
    for (const { cell, number } of running.cells) {
      const place = places.indexOf(cell);
      const result = byName.get(`cell ${number}`);
      const lacks = expected.get(cell)?.known === false && !ignoresOutput(cell);
      if (place === -1 || (result?.status !== CellStatus.DIFFERS && !lacks)) continue;
      const target = original.cells[place] as NotebookCell;
      target.outputs = structuredClone(cell.outputs ?? []);
      target.execution_count = cell.execution_count ?? null;
      updated.add(`cell ${number}`);
    }
    if (updated.size === 0) return results;
    if (!existsSync(file) || readFileSync(file, 'utf8') !== text) return undefined;
    original.metadata = { ...original.metadata, language_info: notebook.metadata.language_info };
    new OutputFile(file).write(original);
    return results.map(({ message: _, details: __, ...result }) =>
      updated.has(result.name) ? { ...result, status: CellStatus.UPDATED } : result,
    );
  }

  #seconds(): number {
    return (performance.now() - this.#started) / 1000;
  }

  #secondsOf(number: number): number {
    const began = this.#began.get(number);
    const ended = this.#began.get(number + 1) ?? performance.now();
    return began === undefined ? 0 : (ended - began) / 1000;
  }
}

const problemOf = (error: unknown): string =>
  isNbserveError(error) ? `${error.code}: ${error.message}` : String((error as Error).stack ?? error);

/** By cell, in the order of the notebook. @throws NBS_BAD_TOLERANCE */
function expectedOf(notebook: Notebook, text: string): ReadonlyMap<NotebookCell, Expected> {
  const lines = cellLines(text);
  return new Map(
    notebook.cells.map((cell, i) => {
      const outputs = cell.outputs ?? [];
      const known = outputs.length > 0 || typeof cell.execution_count === 'number';
      return [cell, { outputs, known, tolerance: toleranceOf(cell, i + 1), lines: lines[i] ?? [] }];
    }),
  );
}

const linesOf = ({ what, lines }: Difference): readonly string[] => [`${what}:`, ...lines.map((line) => `  ${line}`)];
