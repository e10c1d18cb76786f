import { statSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';
import { isNbserveError } from 'nbserve/errors';
import { listLocalClusters } from 'nbserve/host';
import { stderrHasColors } from '../display/index.js';
import { languageInfo } from '../versions/index.js';
import { AutoSave } from './auto-save.js';
import { NoWorkFolder, reasonOf } from './errors.js';
import { readNotebook } from './notebook-file.js';
import { checkLanguage } from './notebook-language.js';
import { type CellFailure, NotebookRun } from './notebook-run.js';
import { OutputFile } from './output-file.js';
import { injectParameters } from './parameters.js';
import { RunningNotebook } from './running-notebook.js';
import { onStopSignals } from './stop-signals.js';

/** The notebook to execute, and the options. */
export interface RunnerArgs {
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
  /** Whether this process prints what the cells print. */
  readonly echo: boolean;
  /** Whether stderr shows which cell runs. */
  readonly progress: boolean;
}

const CLEAR_LINE = '\r\x1b[K';

/**
 * Executes one notebook. The cells run in a process of their own. This process has the notebook and receives the outputs as they come, so that they are
 * written even if the other process crashes.
 * @returns the exit code: 0; 1 if a cell failed; 2 if the notebook could not be run or written; 128 plus the signal's number if a signal stopped it
 */
export async function executeNotebook(args: RunnerArgs): Promise<number> {
  try {
    return await execute(args);
  } catch (error) {
    if (!isNbserveError(error)) throw error;
    print('stderr', `${error.code}: ${error.message}\n`);
    return 2;
  }
}

async function execute(args: RunnerArgs): Promise<number> {
  const notebook = await readNotebook(args.input);
  checkLanguage(args.input, notebook);
  const warning = injectParameters(args.input, notebook, new Map(args.parameters));
  const folder = checkedFolder(args.folder ?? dirname(args.input));
  const output = args.output === null ? undefined : new OutputFile(args.output);
  if (warning !== undefined) print('stderr', `${warning}\n`);
  // Jupyter's runners write it too: nbconvert colours the cells by it.
  notebook.metadata.language_info = languageInfo();
  const running = new RunningNotebook(notebook, args.echo ? print : () => {}, print);
  const save = new AutoSave(() => output?.write(notebook));
  // A device or a pipe would get the notebook several times.
  const keeps = output?.isReplaced === true;
  const run = new NotebookRun(running, {
    input: args.input,
    folder,
    timeoutMs: args.timeoutMs,
    allowErrors: args.allowErrors,
    onCell: (number, of) => {
      if (args.progress) print('stderr', `${CLEAR_LINE}${args.input}: cell ${number} of ${of}`);
    },
    onCellChange: () => {
      if (keeps) save.cellChanged();
    },
    onOutput: () => {
      if (keeps) save.outputCame();
    },
  });
  const signals = onStopSignals(
    (signal) => run.stop(signal),
    (signal) => {
      run.abandon();
      running.finished();
      save.now();
      process.exit(exitCodeOf(signal));
    },
  );
  try {
    const failure = await run.run();
    running.finished();
    save.now();
    if (run.crashed) await clusterGone(run.owner);
    if (args.progress) print('stderr', CLEAR_LINE);
    if (failure !== undefined) tell(args.input, failure);
    if (signals.received !== undefined) return exitCodeOf(signals.received);
    return failure === undefined ? 0 : 1;
  } finally {
    // If the process has ended, this does nothing.
    run.kill();
    save.close();
    // A signal that comes while this process ends must not change its exit code.
    if (signals.received === undefined) signals.close();
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

function tell(input: string, { cell, error: { ename, evalue, traceback } }: CellFailure): void {
  const text = traceback.join('\n');
  const shown = stderrHasColors() ? text : stripVTControlCharacters(text);
  print('stderr', `${input}: cell ${cell} failed: ${ename}: ${evalue}\n${shown}\n`);
}

const exitCodeOf = (signal: NodeJS.Signals): number => 128 + constants.signals[signal];

function print(name: 'stdout' | 'stderr', text: string): void {
  // Nobody reads the output any more (`| head`). The notebook is executed nevertheless.
  if (process[name].listenerCount('error') === 0) process[name].on('error', () => {});
  process[name].write(text);
}

const LIMIT_MS = 10_000;
const POLL_MS = 20;

/** Waits for the end of the cluster of a process that was killed. The cluster's agent notices that and ends the cluster. */
async function clusterGone(owner: string): Promise<void> {
  const end = Date.now() + LIMIT_MS;
  while (Date.now() < end && listLocalClusters().some(({ ownerKey }) => ownerKey === owner)) await delay(POLL_MS);
}
