import { defineError } from '../../core/index.js';

export const RouterClosed = defineError('NBS_ROUTER_CLOSED', 503, 'the connection to the cluster was closed; start it again');
/** The status was sent before, so an HTTP client sees a broken connection instead of this error. */
export const AnswerBroken = defineError(
  'NBS_ANSWER_BROKEN',
  503,
  '{deployment}: replica {replica} died in the middle of its answer',
);
export const BodyNotReplayable = defineError(
  'NBS_BODY_NOT_REPLAYABLE',
  503,
  '{deployment}: replica {replica} ended after it had got part of a request body of over {limit} bytes; such a body is not kept, so it cannot be sent again',
);
export const ReplicaDied = defineError(
  'NBS_REPLICA_DIED',
  503,
  '{deployment}: replica {replica} died while it worked on this request; the replica had begun it, and {method} is not declared idempotent, so it was not run again',
);
export const ReplicaCutOff = defineError(
  'NBS_REPLICA_CUT_OFF',
  503,
  '{deployment}: the connection to replica {replica} broke after this request had been sent there; the replica may have begun it, and {method} is not declared idempotent, so it was not run again',
);
export const ReplicaHung = defineError(
  'NBS_REPLICA_HUNG',
  504,
  '{deployment}: replica {replica} hung while it worked on this request and was ended; the replica had begun it, and {method} is not declared idempotent, so it was not run again',
);
export const RequestTimeout = defineError(
  'NBS_REQUEST_TIMEOUT',
  504,
  '{deployment}: no answer within {timeoutMs} ms, {deadline}',
);
/** Names the deployment's own deadline in messages. */
export const requestTimeoutOf = (deployment: string): string => `the requestTimeout of ${deployment}`;

/** The number of requests that a replica works on, from its error that it has no room. */
export function busyWith(error: Error): number {
  const { details } = error as { details?: Readonly<Record<string, string | number>> };
  return Number(details?.ongoing ?? 0);
}

/** Ends one of two copies of a request. Nobody sees it, because the other copy goes on. */
export const COPY_LOST = new Error('this copy of a request found no replica to be at');
