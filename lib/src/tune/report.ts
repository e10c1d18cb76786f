import { currentSession, type TrainCheckpoint, TrialStopped } from '../session/index.js';
import { NoTrial } from './errors.js';

/**
 * Reports metrics of the trial, and perhaps a checkpoint. Await it: it ends the function if the scheduler has ended the trial.
 * @param options.checkpoint a folder, which is copied into the trial's; you can remove it afterwards
 * @throws NBS_TUNE_NO_SESSION outside of a trial
 */
export async function report(
  metrics: Readonly<Record<string, number>>,
  options: { readonly checkpoint?: TrainCheckpoint } = {},
): Promise<void> {
  const session = currentSession();
  if (session === undefined) throw NoTrial({ what: 'tune.report' });
  if (!(await session.report(metrics, options.checkpoint))) throw new TrialStopped();
}

/** The checkpoint from which this trial goes on: of the trial itself, after its process died or its search was restored; null at its first start. */
export const getCheckpoint = (): TrainCheckpoint | null => currentSession()?.checkpoint ?? null;
