import { fromWireError } from '../../core/index.js';
import { describeExit, type ExitReport } from '../../engine/index.js';
import { DeployFailed } from '../protocol/index.js';

const STDERR_LINES = 10;

export interface FailedReplica {
  readonly id: string;
  readonly app: string;
  readonly deployment: string;
}

/** The error of a replica whose process ended: what it said itself, else how it ended and its last words. */
export function exitError({ id, app, deployment }: FailedReplica, exit: ExitReport): Error {
  if (exit.error !== undefined) return fromWireError(exit.error);
  const tail = exit.stderrTail.slice(-STDERR_LINES);
  const words = tail.length === 0 ? '' : `; its last output on stderr:\n${tail.join('\n')}`;
  return DeployFailed({ app, deployment, reason: `replica ${id} ended (${describeExit(exit)})${words}` });
}

/** The error of a replica that failed without its process having ended. */
export function failure({ app, deployment }: Omit<FailedReplica, 'id'>, reason: string, cause?: unknown): Error {
  return DeployFailed({ app, deployment, reason }, cause);
}
