import { constants } from 'node:os';
import { stripVTControlCharacters } from 'node:util';
import { isNbserveError } from 'nbserve/errors';
import { stderrHasColors } from '../display/index.js';
import { type CellFailure, placeOf } from './cell-end.js';
import { type ExecutionOptions, NotebookExecution } from './notebook-execution.js';
import { onStopSignals } from './stop-signals.js';

export interface RunnerArgs extends ExecutionOptions {
  /** Whether this process prints what the cells print. */
  readonly echo: boolean;
}

/**
 * Executes one notebook for `nbserve execute`.
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
  const execution = await NotebookExecution.start(args, {
    onPrint: args.echo ? print : () => {},
    onNote: print,
    onCell: () => {},
  });
  const signals = onStopSignals(
    (signal) => execution.stop(signal),
    (signal) => {
      execution.abandon();
      process.exit(exitCodeOf(signal));
    },
  );
  try {
    const failure = await execution.done();
    if (failure !== undefined) tell(args.input, failure);
    if (signals.received !== null) return exitCodeOf(signals.received);
    return failure === undefined ? 0 : 1;
  } finally {
    // A signal that comes while this process ends must not change its exit code.
    if (signals.received === null) signals.close();
  }
}

function tell(input: string, failure: CellFailure): void {
  const { ename, evalue, traceback } = failure.error;
  const text = traceback.join('\n');
  const shown = stderrHasColors() ? text : stripVTControlCharacters(text);
  print('stderr', `${input}: ${placeOf(failure)} failed: ${ename}: ${evalue}\n${shown}\n`);
}

/** The exit code of a program that a signal has ended. */
export const exitCodeOf = (signal: NodeJS.Signals): number => 128 + constants.signals[signal];

/** Writes to this process's stdout or stderr. */
export function print(name: 'stdout' | 'stderr', text: string): void {
  // Nobody reads the output any more (`| head`). The notebook is executed nevertheless.
  if (process[name].listenerCount('error') === 0) process[name].on('error', () => {});
  process[name].write(text);
}
