import type { ErrorOutcome, Outcome } from '../session/index.js';
import { RunnerDied } from './errors.js';
import type { RunnerExit } from './runner-process.js';

/** Why a cell was interrupted. */
export type Cause =
  | { readonly kind: 'timeout'; readonly timeoutMs: number }
  | { readonly kind: 'signal' }
  | { readonly kind: 'stray' }
  /** The notebook took too long. Its cell has that error already. */
  | { readonly kind: 'expired' };

export interface CellFailure {
  /** The number of the code cell, from 1, which is in its brackets. 0 if no cell had begun. */
  readonly cell: number;
  readonly error: ErrorOutcome;
  /** It failed when all cells had run and the process ended. */
  readonly isAtEnd?: boolean;
}

/** A failure's place in words: `cell 2`. */
export function placeOf({ cell, isAtEnd = false }: CellFailure): string {
  if (isAtEnd) return 'the end, after the last cell,';
  return cell === 0 ? 'the start, before its first cell,' : `cell ${cell}`;
}

/** How a cell ended: with an outcome, or with the end of the process that ran it. */
export type CellEnd = { readonly outcome: Outcome } | { readonly exit: RunnerExit };

const KILLED = ', and its process, which did not answer, was killed';

/** The cell's outcome for the notebook. `undefined` if the cell was interrupted because of an error that the notebook shows already. */
export function outcomeOf(end: CellEnd, cause: Cause | undefined, printed: string): Outcome | undefined {
  if ('outcome' in end) {
    const { outcome } = end;
    if (cause?.kind === 'timeout') {
      const error = failure('TimeoutError', tookTooLong(cause.timeoutMs));
      // A cell can end without an error after it was told to end: what it waited for has ended.
      return outcome.status === 'ok' ? error : { ...error, traceback: outcome.traceback };
    }
    if (outcome.status === 'ok' || cause === undefined) return outcome;
    if (outcome.ename !== 'KeyboardInterrupt')
      // What the cell waited for was ended with it, and the error says that, e.g. that a command failed.
      return cause.kind === 'signal' ? { ...outcome, ename: 'KeyboardInterrupt', evalue: 'the cell was interrupted' } : outcome;
    return cause.kind === 'stray' || cause.kind === 'expired' ? undefined : outcome;
  }
  switch (cause?.kind) {
    case 'timeout':
      return failure('TimeoutError', tookTooLong(cause.timeoutMs) + KILLED);
    case 'signal':
      return failure('KeyboardInterrupt', `the cell was interrupted${KILLED}`);
    case 'stray':
    case 'expired':
      return undefined;
    default:
      return died(end.exit, printed);
  }
}

/** @param printed what the cell has printed to stderr, where Node reports a full heap */
export function died(exit: RunnerExit, printed: string): ErrorOutcome {
  const { code, message } = RunnerDied({ how: howItDied(exit, printed) });
  return failure(code, message);
}

function howItDied({ code, signal }: RunnerExit, printed: string): string {
  if (printed.includes('JavaScript heap out of memory'))
    return 'ran out of memory: its heap was full (NODE_OPTIONS=--max-old-space-size=<MiB> gives it more)';
  if (signal === 'SIGKILL') return 'was killed by SIGKILL: by somebody, or by the system if memory was short';
  if (signal !== null) return `was ended by ${signal}`;
  return `ended with exit code ${code}`;
}

const tookTooLong = (timeoutMs: number): string => `the cell did not finish within ${timeoutMs / 1000} s`;

export function lateFailure(limitMs: number): ErrorOutcome {
  return failure('TimeoutError', `code that a cell has left running did not end within ${limitMs / 1000} s after the last cell`);
}

export function endlessEnd(limitMs: number): ErrorOutcome {
  return failure('TimeoutError', `the process did not end within ${limitMs / 1000} s, and was killed`);
}

export function failure(ename: string, evalue: string): ErrorOutcome {
  return { status: 'error', ename, evalue, traceback: [`${ename}: ${evalue}`] };
}
