import type { TrainCheckpoint } from '../session/index.js';

/** PENDING: it has not begun, or begins again. RUNNING: its process runs. TERMINATED: it has ended, by itself or by the scheduler. ERROR: it has failed. */
export type TrialStatus = 'PENDING' | 'RUNNING' | 'TERMINATED' | 'ERROR';

/** The error of a trial, as it is kept on disk. */
export interface TrialError {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  readonly code?: string;
}

/** A trial as it is kept on disk. */
export interface TrialState {
  readonly number: number;
  readonly values: readonly unknown[];
  readonly config: Readonly<Record<string, unknown>>;
  status: TrialStatus;
  /** Whether the scheduler has ended it. */
  stoppedEarly: boolean;
  /** What it has reported, in order, each with `trainingIteration` and `timeTotalS`. */
  history: Readonly<Record<string, number>>[];
  checkpoint: TrainCheckpoint | null;
  checkpoints: number;
  /** The number of reports before its checkpoint and with it. */
  checkpointAt: number;
  failures: number;
  error: TrialError | null;
}

/**
 * The latest value of a metric; undefined if no report has it. The last report may lack it: what a function returns is a report too.
 * @param until only the reports before this one count
 */
export function latest(
  history: readonly TrialState['history'][number][],
  metric: string,
  until = history.length,
): number | undefined {
  for (let at = until - 1; at >= 0; at -= 1) {
    const value = history[at]?.[metric];
    if (value !== undefined) return value;
  }
  return undefined;
}

/** A trial that has not begun. */
export const newTrial = (number: number, values: TrialState['values'], config: TrialState['config']): TrialState => ({
  number,
  values,
  config,
  status: 'PENDING',
  stoppedEarly: false,
  history: [],
  checkpoint: null,
  checkpoints: 0,
  checkpointAt: 0,
  failures: 0,
  error: null,
});

/** Forgets what a trial that begins again has reported after its checkpoint. */
export function rewind(trial: TrialState): void {
  trial.history = trial.checkpoint === null ? [] : trial.history.slice(0, trial.checkpointAt);
}

/** The name of a trial and of its folder. */
export const trialName = (number: number): string => `trial_${String(number).padStart(5, '0')}`;

export function errorOf(error: unknown): TrialError {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) };
  const { name, message, stack } = error;
  const code = (error as { code?: unknown }).code;
  return { name, message, ...(stack !== undefined && { stack }), ...(typeof code === 'string' && { code }) };
}
