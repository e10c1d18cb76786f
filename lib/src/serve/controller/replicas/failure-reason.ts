import { fromWireError } from '../../../core/index.js';
import { describeExit, type ExitReport } from '../../../engine/index.js';
import { DeployFailed, ReplicaFailed, ReplicaOutOfMemory } from './errors.js';

const STDERR_LINES = 10;

export interface FailedReplica {
  readonly id: string;
  readonly app: string;
  readonly deployment: string;
}

/**
 * The error of a replica whose process ended: the error that it reported itself, otherwise how it ended and the last lines that it printed.
 * @param ran true if the replica had been running
 */
export function exitError({ id, app, deployment }: FailedReplica, exit: ExitReport, ran: boolean): Error {
  if (exit.error !== undefined) return fromWireError(exit.error);
  const tail = exit.stderrTail.slice(-STDERR_LINES);
  const words = tail.length === 0 ? '' : `; its last output on stderr:\n${tail.join('\n')}`;
  if (exit.name === 'OUT_OF_MEMORY') {
    const how = exit.signal === 'SIGKILL' ? 'by the system, with SIGKILL' : "V8's heap was full";
    const cause = ReplicaOutOfMemory({ app, deployment, replica: id, how, words });
    return ran ? cause : failure({ app, deployment }, `replica ${id} ended (${describeExit(exit)})${words}`, { cause });
  }
  return failure({ app, deployment }, `replica ${id} ended (${describeExit(exit)})${words}`, { ran });
}

/** The error of a replica that failed. @param how whether it had been running, and what was thrown */
export function failure(
  { app, deployment }: Omit<FailedReplica, 'id'>,
  reason: string,
  { ran = false, cause }: { readonly ran?: boolean; readonly cause?: unknown } = {},
): Error {
  return (ran ? ReplicaFailed : DeployFailed)({ app, deployment, reason }, cause);
}
