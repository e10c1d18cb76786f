import type { ErrorOutcome } from '../session/index.js';
import { CellOutputs, type DisplayTable } from './cell-outputs.js';
import type { CellRules } from './notebook-execution.js';
import { type Notebook, type NotebookCell, textOf } from './notebook-file.js';
import { hasTag } from './parameters.js';
import type { RunnerEvent } from './protocol.js';
import { markRunning, unmarkRunning } from './running-mark.js';

/** How much printed text a run keeps, in UTF-16 units, so that endless output does not fill this process's memory. */
const MAX_UNITS = 256 * 1024 * 1024;

type Print = (name: 'stdout' | 'stderr', text: string) => void;

/** A code cell that is executed. */
export class ExecutedCell {
  /** Its number in its brackets, from 1. */
  readonly number: number;
  readonly code: string;
  readonly outputs: CellOutputs;
  /** The cell must end with an error. */
  readonly raises: boolean;
  /** The cell in the notebook. */
  readonly cell: NotebookCell;
  /** Why it has failed, whether or not another cell had failed before. */
  failure: ErrorOutcome | undefined;
  /** It was interrupted because another cell had failed. */
  isCut = false;

  constructor(cell: NotebookCell, number: number, raises: boolean, displays: DisplayTable, echo: Print) {
    this.cell = cell;
    this.raises = raises;
    this.number = number;
    // The line ends of Windows are not part of the code.
    this.code = textOf(cell.source).replace(/\r\n?/g, '\n');
    this.outputs = new CellOutputs(displays, echo);
    cell.outputs = this.outputs.list;
  }

  began(): void {
    this.cell.execution_count = this.number;
    markRunning(this.cell.metadata);
  }

  ended(): void {
    unmarkRunning(this.cell.metadata);
  }

  hasTag(tag: string): boolean {
    return hasTag(this.cell, tag);
  }
}

/** The notebook while it is executed. It receives what its cells print and show, also after they have ended. */
export class RunningNotebook {
  /** The cells that run: code cells that are not empty and not skipped. */
  readonly cells: readonly ExecutedCell[];
  readonly #notebook: Notebook;
  readonly #print: Print;
  #last: ExecutedCell | undefined;
  #room = MAX_UNITS;

  /** @param echo is also called with every printed text @param stray is called with what is printed before the first cell */
  constructor(notebook: Notebook, rules: CellRules, echo: Print, stray: Print) {
    this.#notebook = notebook;
    this.finished();
    markRunning(notebook.metadata);
    const displays: DisplayTable = new Map();
    const code = notebook.cells.filter((cell) => cell.cell_type === 'code' && !rules.isSkipped(cell));
    for (const cell of code) {
      cell.outputs = [];
      cell.execution_count = null;
    }
    this.cells = code
      .filter((cell) => textOf(cell.source).trim() !== '')
      .map((cell, i) => new ExecutedCell(cell, i + 1, rules.raises(cell), displays, echo));
    this.#print = stray;
  }

  /** Removes all marks of a run. */
  finished(): void {
    for (const { metadata } of [this.#notebook, ...this.#notebook.cells]) unmarkRunning(metadata);
  }

  /** The cell that began last. */
  get last(): ExecutedCell | undefined {
    return this.#last;
  }

  cell(number: number): ExecutedCell {
    return this.cells[number - 1] as ExecutedCell;
  }

  /** Adds an event's output to the notebook. */
  show(event: RunnerEvent): void {
    switch (event.kind) {
      case 'began':
        this.#last = this.cell(event.cell);
        this.#last.began();
        break;
      case 'stream':
        this.#stream(this.cell(event.cell), event.name, event.text);
        break;
      case 'display': {
        const { displayId, update } = event;
        const options = { ...(displayId === undefined ? {} : { displayId }), ...(update === undefined ? {} : { update }) };
        this.cell(event.cell).outputs.display(event.bundle, options);
        break;
      }
      case 'clear':
        this.cell(event.cell).outputs.clear(event.wait);
        break;
      default:
        break;
    }
  }

  /** Adds a text of which no cell is known. It goes to the last cell. */
  text(name: 'stdout' | 'stderr', text: string): void {
    if (this.#last === undefined) this.#print(name, text);
    else this.#stream(this.#last, name, text);
  }

  /** Adds an error as a message of the cell. */
  warn(cell: ExecutedCell, error: ErrorOutcome): void {
    this.#stream(cell, 'stderr', `${error.traceback.join('\n')}\n`);
  }

  #stream(cell: ExecutedCell, name: 'stdout' | 'stderr', text: string): void {
    if (this.#room < 0) return;
    this.#room -= text.length;
    if (this.#room >= 0) cell.outputs.stream(name, text);
    else cell.outputs.stream('stderr', `\nnbserve: more than ${MAX_UNITS} characters were printed; what comes now is not kept\n`);
  }
}
