import { randomUUID } from 'node:crypto';
import { deferred, patience } from 'nbserve/basics';
import type { ErrorOutcome, Outcome } from '../session/index.js';
import { type Cause, type CellEnd, type CellFailure, died, endlessEnd, failure, lateFailure, outcomeOf } from './cell-end.js';
import { ExitCodeSet, NothingRaised } from './errors.js';
import { textOf } from './notebook-file.js';
import type { Order, RunnerEvent } from './protocol.js';
import { type RunnerExit, RunnerProcess } from './runner-process.js';
import type { ExecutedCell, RunningNotebook } from './running-notebook.js';

/** How long a cell that was interrupted may take to end, before its process is killed. On a busy machine, a loop of the cell may take over a second. */
const GRACE_MS = 3_000;
/** How long the cluster and the process may take to end in order. */
const END_MS = 20_000;

const NOTHING_RAISED = NothingRaised();

interface Waiting {
  readonly kind: 'outcome' | 'settled' | 'interrupted';
  readonly resolve: (end: CellEnd) => void;
}

export interface NotebookRunOptions {
  /** The path of the notebook. */
  readonly input: string;
  /** The folder in which the cells run. */
  readonly folder: string;
  /** The limit for each cell, in ms; `null` is no limit. */
  readonly timeoutMs: number | null;
  /** Whether the run continues after a cell that failed. */
  readonly allowErrors: boolean;
  /** Is called before each code cell. */
  readonly onCell: (number: number, of: number) => void;
  /** Is called with what the user should know about the run. */
  readonly onNote: (text: string) => void;
  /** Is called when a code cell has begun, and when the last one has ended. */
  readonly onCellChange: () => void;
  /** Is called when a cell has printed or shown something, or has ended. */
  readonly onOutput: () => void;
}

/**
 * Executes the notebook's code cells in order, in a process of their own, and puts their outputs into it. Ends at the first cell that fails, unless
 * errors are allowed or the cell is tagged `raises-exception`. An error that no code catches also makes a cell fail, unless it is tagged
 * `allow-unhandled`.
 */
export class NotebookRun {
  /** The owner key of this run's cluster. */
  readonly owner = `run ${randomUUID()}`;
  readonly #notebook: RunningNotebook;
  readonly #options: NotebookRunOptions;
  readonly #process: RunnerProcess;
  readonly #ready = deferred<void>();
  #exit: RunnerExit | undefined;
  #failure: CellFailure | undefined;
  #signal: NodeJS.Signals | undefined;
  /** Why the running cell was interrupted. */
  #cause: Cause | undefined;
  #stopKiller = (): void => {};
  /** The number of interrupts that the process has not yet handled. */
  #interrupts = 0;
  /** Whether code was terminated for the last interrupt. */
  #terminated = false;
  #ending = false;
  /** Whether the process calls its listeners of `exit`. */
  #exiting = false;
  #peakBytes = 0;
  /** What the run waits for. The end of the process ends every wait. */
  #waiting: Waiting | undefined;
  readonly #raised = new Set<ExecutedCell>();

  constructor(notebook: RunningNotebook, options: NotebookRunOptions) {
    this.#notebook = notebook;
    this.#options = options;
    this.#process = new RunnerProcess(
      { folder: options.folder, owner: this.owner, notebook: options.input },
      {
        onEvent: (event) => this.#onEvent(event),
        onText: (name, text) => {
          notebook.text(name, text);
          options.onOutput();
        },
      },
    );
    void this.#process.ended.then((exit) => {
      this.#exit = exit;
      this.#ready.resolve();
      this.#waiting?.resolve({ exit });
    });
  }

  /** @returns the first failure; `undefined` if there was none, also if a signal stopped the run */
  async run(): Promise<CellFailure | undefined> {
    await this.#ready.promise;
    for (const cell of this.#notebook.cells) {
      if (this.#isOver()) break;
      this.#options.onCell(cell.number, this.#notebook.cells.length);
      await this.#runCell(cell);
    }
    this.#options.onCellChange();
    if (!this.#isOver()) await this.#settle();
    this.#checkAlive();
    if (!this.#isOver()) this.#checkRaised();
    await this.#end();
    return this.#failure;
  }

  /** True if the process ended by itself, without ending its cluster. */
  get crashed(): boolean {
    return this.#exit?.code !== 0;
  }

  /** The most memory that the process had when a cell began or ended, in bytes; 0 if none began. */
  get peakBytes(): number {
    return this.#peakBytes;
  }

  /** Ends the run. The running cell is interrupted, and its children get the signal. */
  stop(signal: NodeJS.Signals): void {
    if (this.#signal !== undefined) return;
    this.#signal = signal;
    if (this.#exiting) this.kill();
    if (this.#ending) return;
    this.#ready.resolve();
    this.#interrupt({ kind: 'signal' }, signal);
  }

  /** Ends the run because the notebook took too long. The running cell is interrupted, and has failed. */
  expire(limitMs: number): void {
    if (this.#ending || this.#isOver()) return;
    const cell = this.#notebook.last;
    const error = failure('TimeoutError', `the notebook did not finish within ${limitMs / 1000} s`);
    this.#failure = { cell: cell?.number ?? 0, error };
    if (cell !== undefined) cell.failure = error;
    cell?.outputs.error(error);
    this.#ready.resolve();
    this.#interrupt({ kind: 'expired' }, 'SIGINT');
  }

  /** Ends the process at once. */
  kill(): void {
    this.#process.kill();
  }

  /** Ends the process at once. The running cell gets an error that says so. */
  abandon(): void {
    this.kill();
    if (this.#waiting?.kind === 'outcome')
      this.#notebook.last?.outputs.error(failure('KeyboardInterrupt', 'the cell was killed'));
  }

  #isOver(): boolean {
    return this.#exit !== undefined || this.#signal !== undefined || this.#failure !== undefined;
  }

  async #runCell(cell: ExecutedCell): Promise<void> {
    const end = await this.#within('outcome', { kind: 'cell', cell: cell.number, code: cell.code });
    const outcome = outcomeOf(end, this.#cause, printed(cell));
    cell.ended();
    cell.isCut = (this.#cause as Cause | undefined)?.kind === 'stray' && outcome?.status !== 'ok';
    if (outcome !== undefined) {
      cell.outputs.finish(outcome, cell.number);
      if (outcome.status === 'error' && !cell.isCut)
        this.#failed(cell, outcome, 'exit' in end, (this.#cause as Cause | undefined)?.kind === 'timeout');
    }
    await this.#interrupted();
  }

  /** Sends an order and waits for its end, which is interrupted at the time limit of a cell. */
  async #within(kind: Waiting['kind'], order: Order): Promise<CellEnd> {
    const { timeoutMs } = this.#options;
    this.#cause = undefined;
    const ended = this.#waitFor(kind);
    this.#process.send(order);
    // If this command was stopped by Ctrl-Z, the cell may have ended in time, and its outcome waits to be read.
    const stopTimer =
      timeoutMs === null ? () => {} : patience(timeoutMs, () => this.#interrupt({ kind: 'timeout', timeoutMs }, 'SIGINT'));
    const end = await ended;
    stopTimer();
    this.#stopKiller();
    return end;
  }

  /** Waits for the end of interrupts, because one that is still being handled would hit the next cell. */
  async #interrupted(): Promise<void> {
    while (this.#interrupts > 0 && this.#exit === undefined) await this.#waitFor('interrupted');
  }

  /** Waits for what the cells have begun. The time limit ends the wait; it is a failure only if code blocked the process. */
  async #settle(): Promise<void> {
    await this.#within('settled', { kind: 'settle' });
    await this.#interrupted();
    const cause = this.#cause as Cause | undefined;
    // What fails from now on, at the end of the process, is not the work of this interrupt.
    this.#cause = undefined;
    const { last } = this.#notebook;
    if (cause?.kind !== 'timeout' || last === undefined || !(this.#terminated || this.#exit !== undefined)) return;
    this.#failedAtEnd(last, lateFailure(cause.timeoutMs));
  }

  /** The process may also have ended before the first cell, between two cells, or after the last one. Then the cell that began last has failed. */
  #checkAlive(): void {
    if (this.#exit === undefined || this.#failure !== undefined || this.#signal !== undefined) return;
    const { last } = this.#notebook;
    const error = died(this.#exit, last === undefined ? '' : printed(last));
    last?.outputs.error(error);
    if (last === undefined) this.#failure = { cell: 0, error };
    else this.#failed(last, error, true);
  }

  async #end(): Promise<void> {
    this.#ending = true;
    this.#stopKiller();
    if (this.#exit !== undefined) return;
    this.#process.send({ kind: 'end' });
    let isCut = false;
    const killer = setTimeout(() => {
      isCut = true;
      this.#process.kill();
    }, END_MS);
    const exit = await this.#process.ended;
    clearTimeout(killer);
    const { last } = this.#notebook;
    if (exit.code === 0 || last === undefined || this.#failure !== undefined || this.#signal !== undefined) return;
    this.#failedAtEnd(last, isCut ? endlessEnd(END_MS) : died(exit, printed(last)));
  }

  #failedAtEnd(cell: ExecutedCell, error: ErrorOutcome): void {
    cell.outputs.error(error);
    cell.failure ??= error;
    this.#failure ??= { cell: cell.number, error, isAtEnd: true };
  }

  /**
   * @param final true if the run cannot continue
   * @param late true if the cell took too long, which is not an error that it raises
   */
  #failed(cell: ExecutedCell, error: ErrorOutcome, final: boolean, late = false): void {
    this.#raised.add(cell);
    const allowed = this.#options.allowErrors || (cell.raises && !late);
    if (allowed && !final) return;
    cell.failure ??= error;
    this.#failure ??= { cell: cell.number, error, isAtEnd: this.#exiting };
  }

  #checkRaised(): void {
    if (this.#options.allowErrors) return;
    for (const cell of this.#notebook.cells) {
      if (!cell.raises || this.#raised.has(cell)) continue;
      const error = failure(NOTHING_RAISED.code, NOTHING_RAISED.message);
      cell.outputs.error(error);
      cell.failure = error;
      this.#failure ??= { cell: cell.number, error };
    }
  }

  #waitFor(kind: Waiting['kind']): Promise<CellEnd> {
    return new Promise((resolve) => {
      if (this.#exit !== undefined) resolve({ exit: this.#exit });
      else this.#waiting = { kind, resolve };
    });
  }

  #told(kind: Waiting['kind'], outcome: Outcome = { status: 'ok' }): void {
    const waiting = this.#waiting;
    if (waiting?.kind !== kind) return;
    this.#waiting = undefined;
    waiting.resolve({ outcome });
  }

  #interrupt(cause: Cause, signal: NodeJS.Signals): void {
    if (this.#cause !== undefined) return;
    this.#cause = cause;
    this.#interrupts += 1;
    this.#process.send({ kind: 'interrupt', signal });
    this.#stopKiller = patience(GRACE_MS, () => this.#process.kill());
  }

  #onEvent(event: RunnerEvent): void {
    this.#notebook.show(event);
    if (event.kind === 'began') this.#options.onCellChange();
    else this.#options.onOutput();
    if ('peakBytes' in event) this.#peakBytes = event.peakBytes;
    switch (event.kind) {
      case 'ready':
        this.#ready.resolve();
        break;
      case 'outcome':
        this.#told('outcome', event.outcome);
        break;
      case 'settled':
        if (event.left !== '') this.#options.onNote(stillRuns(event.left));
        this.#told('settled');
        break;
      case 'exiting':
        this.#exiting = true;
        break;
      case 'interrupted':
        this.#terminated = event.terminated;
        this.#interrupts -= 1;
        this.#told('interrupted');
        break;
      case 'stray': {
        const traceback = [`${event.what}:`, ...event.error.traceback];
        // An interrupt may have caused this error.
        if (this.#cause === undefined) this.#onStray(this.#notebook.cell(event.cell), { ...event.error, traceback });
        break;
      }
      case 'exit-code': {
        const { code, message } = ExitCodeSet({ exitCode: event.exitCode });
        // The interrupt that ends the wait after the last cell has not set it.
        if (this.#cause === undefined || (this.#cause.kind === 'timeout' && this.#waiting?.kind === 'settled'))
          this.#onStray(this.#notebook.cell(event.cell), failure(code, message));
        break;
      }
      default:
        break;
    }
  }

  #onStray(cell: ExecutedCell, error: ErrorOutcome): void {
    // What the end of the cluster has broken off is no failure.
    if (this.#ending && !this.#exiting) return;
    if (cell.hasTag('allow-unhandled')) {
      this.#notebook.warn(cell, error);
      return;
    }
    cell.outputs.error(error);
    this.#failed(cell, error, false);
    if (this.#failure !== undefined && !this.#ending) this.#interrupt({ kind: 'stray' }, 'SIGINT');
  }
}

const stillRuns = (left: string): string => `still running after the last cell, and not waited for any longer: ${left}\n`;

const printed = (cell: ExecutedCell): string =>
  cell.outputs.list
    .filter((output) => output.output_type === 'stream' && output.name === 'stderr')
    .map((output) => (output.output_type === 'stream' ? textOf(output.text).slice(-10_000) : ''))
    .join('');
