import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { languageInfo } from '../versions/index.js';
import { AutoSave } from './auto-save.js';
import type { CellFailure } from './cell-end.js';
import { NoWorkFolder, reasonOf } from './errors.js';
import { later } from './later.js';
import { type Notebook, type NotebookCell, readNotebook } from './notebook-file.js';
import { checkLanguage } from './notebook-language.js';
import { NotebookRun } from './notebook-run.js';
import { OutputFile } from './output-file.js';
import { hasTag, injectParameters } from './parameters.js';
import { RunningNotebook } from './running-notebook.js';

/** The notebook to execute, and the options. */
export interface ExecutionOptions {
  /** Absolute path of the notebook. */
  readonly input: string;
  /** Absolute path to write to; `null` writes nothing. */
  readonly output: string | null;
  /** Absolute path of the folder that the cells run in; `null` is the notebook's. */
  readonly folder: string | null;
  readonly parameters: readonly (readonly [name: string, value: unknown])[];
  /** The limit for each cell, in ms; `null` is no limit. */
  readonly timeoutMs: number | null;
  readonly allowErrors: boolean;
}

export interface ExecutionEvents {
  /** Is called with every text that the cells print. */
  onPrint(name: 'stdout' | 'stderr', text: string): void;
  /** Is called with what is printed before the first cell, and with warnings. */
  onNote(name: 'stdout' | 'stderr', text: string): void;
  /** Is called before each code cell, with its number, from 1. */
  onCell(number: number, of: number): void;
}

/** How the cells of one run are chosen and read. */
export interface CellRules {
  isSkipped(cell: NotebookCell): boolean;
  /** True if the cell must end with an error. */
  raises(cell: NotebookCell): boolean;
}

const EXECUTE_RULES: CellRules = {
  isSkipped: (cell) => hasTag(cell, 'skip-execution'),
  raises: (cell) => hasTag(cell, 'raises-exception'),
};

/**
 * One execution of one notebook. The cells run in a process of their own. This process has the notebook and receives the outputs as they come, so that
 * they are written even if the other process crashes.
 */
export class NotebookExecution {
  /** The notebook with the outputs so far. */
  readonly notebook: Notebook;
  readonly running: RunningNotebook;
  readonly #run: NotebookRun;
  readonly #save: AutoSave;

  private constructor(notebook: Notebook, folder: string, options: ExecutionOptions, events: ExecutionEvents, rules: CellRules) {
    const { input, timeoutMs, allowErrors } = options;
    const output = options.output === null ? undefined : new OutputFile(options.output);
    const warning = injectParameters(input, notebook, new Map(options.parameters));
    if (warning !== undefined) events.onNote('stderr', `${warning}\n`);
    // Jupyter's runners write it too: nbconvert colours the cells by it.
    notebook.metadata.language_info = languageInfo();
    this.notebook = notebook;
    this.running = new RunningNotebook(notebook, rules, events.onPrint, events.onNote);
    this.#save = new AutoSave(() => output?.write(notebook));
    // A device or a pipe would get the notebook several times.
    const keeps = output?.isReplaced === true;
    this.#run = new NotebookRun(this.running, {
      input,
      folder,
      timeoutMs,
      allowErrors,
      onCell: events.onCell,
      onNote: (text) => events.onNote('stderr', text),
      onCellChange: () => {
        if (keeps) this.#save.cellChanged();
      },
      onOutput: () => {
        if (keeps) this.#save.outputCame();
      },
    });
  }

  /**
   * Checks everything, and starts the process.
   * @param notebook the notebook, if it has been read already
   * @throws NBS_NO_NOTEBOOK, NBS_NOT_A_NOTEBOOK, NBS_OTHER_LANGUAGE, NBS_NO_WORK_FOLDER, NBS_CANNOT_WRITE, NBS_UNKNOWN_PARAMETER
   */
  static async start(
    options: ExecutionOptions,
    events: ExecutionEvents,
    rules: CellRules = EXECUTE_RULES,
    notebook?: Notebook,
  ): Promise<NotebookExecution> {
    const read = notebook ?? (await readNotebook(options.input));
    checkLanguage(options.input, read);
    const folder = checkedFolder(options.folder ?? dirname(options.input));
    return new NotebookExecution(read, folder, options, events, rules);
  }

  /**
   * Resolves when the process and its cluster have ended and the notebook is written.
   * @returns the first failure; `undefined` if there was none, also if a signal stopped the run
   * @throws NBS_CANNOT_WRITE
   */
  async done(): Promise<CellFailure | undefined> {
    try {
      const failure = await this.#run.run();
      this.running.finished();
      this.#save.now();
      if (this.#run.crashed) await clusterGone(this.#run.owner);
      return failure;
    } finally {
      // If the process has ended, this does nothing.
      this.#run.kill();
      this.#save.close();
    }
  }

  get peakBytes(): number {
    return this.#run.peakBytes;
  }

  /** Ends the run in order. The running cell is interrupted, and its children get the signal. */
  stop(signal: NodeJS.Signals): void {
    this.#run.stop(signal);
  }

  /** Ends the run in order, because the notebook took too long. The running cell gets an error that says so. */
  expire(limitMs: number): void {
    this.#run.expire(limitMs);
  }

  /** Ends the process at once, and writes the outputs so far. */
  abandon(): void {
    this.#run.abandon();
    this.running.finished();
    this.#save.now();
  }
}

/** @throws NBS_NO_WORK_FOLDER */
function checkedFolder(folder: string): string {
  try {
    if (statSync(folder).isDirectory()) return folder;
  } catch (error) {
    throw NoWorkFolder({ folder, reason: reasonOf(error) }, error);
  }
  throw NoWorkFolder({ folder, reason: 'it is a file' });
}

const LIMIT_MS = 10_000;
const POLL_MS = 20;

/** Waits for the end of the cluster of a process that was killed. The cluster's agent notices that and ends the cluster. */
async function clusterGone(owner: string): Promise<void> {
  const { listLocalClusters } = later.host();
  const end = Date.now() + LIMIT_MS;
  while (Date.now() < end && listLocalClusters().some(({ ownerKey }) => ownerKey === owner)) await delay(POLL_MS);
}
