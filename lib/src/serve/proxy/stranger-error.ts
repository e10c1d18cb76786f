import { isNbserveError, toldText } from '../../core/index.js';
import { HostRefused, OriginRefused } from '../access/index.js';
import { AppStarting, HttpNotServed, NoReplica, NoSuchDeployment, QueueFull } from '../protocol/index.js';
import { BodyNotReplayable, ReplicaCutOff, ReplicaDied, ReplicaHung, RequestTimeout } from '../router/index.js';
import { BadAnswer, BadTarget, BadTimeout, MalformedRequest, NoRoute, RequestTooSlow } from './errors.js';

/** The part of an error that any client may read. It contains nothing from user code, and no names of deployments or replicas. */
export interface StrangerError {
  readonly code: string;
  readonly message: string;
  /** True if there is more information than that. */
  readonly withholds: boolean;
}

/** Errors whose messages contain only what the request has sent. */
const OF_THE_REQUEST = new Set([
  'NBS_NO_APPLICATION',
  'NBS_APPLICATION_UNNAMED',
  'NBS_NO_RPC_METHOD',
  'NBS_BAD_MESSAGE',
  'NBS_WRONG_MESSAGE_COUNT',
  ...[AppStarting, BadTarget, BadTimeout, HostRefused, OriginRefused, MalformedRequest, RequestTooSlow].map(({ code }) => code),
]);

const AGAIN = 'send it again if that does no harm';

const IN_OTHER_WORDS: ReadonlyMap<string, string> = new Map([
  [NoRoute.code, 'no application answers this path; whoever runs this server sees the routes in serve.status()'],
  [NoSuchDeployment.code, 'the application does not run any more'],
  [HttpNotServed.code, 'the application at this path answers no HTTP'],
  [QueueFull.code, 'too many requests wait already; try again later'],
  [NoReplica.code, 'the application does not run at the moment; try again later'],
  [ReplicaDied.code, `the process that worked on this request died; ${AGAIN}`],
  [ReplicaHung.code, `the process that worked on this request hung and was ended; ${AGAIN}`],
  [ReplicaCutOff.code, `the process that may have worked on this request cannot be reached; ${AGAIN}`],
  [BodyNotReplayable.code, `the process that worked on this request went away; ${AGAIN}`],
  [RequestTimeout.code, 'there was no answer within the time that the request had'],
  [BadAnswer.code, 'the answer of the application cannot be sent over HTTP'],
  // grpc-js itself refuses a request that is too large.
  ['NBS_MESSAGE_TOO_LARGE', 'a message of the answer is larger than this server sends'],
]);

/** @param status the HTTP status of the answer */
export function strangerError(error: Error, status: number): StrangerError {
  if (!isNbserveError(error)) return { code: INTERNAL, message: 'the server failed', withholds: true };
  const { code, expose } = error;
  if (expose ?? OF_THE_REQUEST.has(code)) return { code, message: toldText(error), withholds: false };
  return { code, message: IN_OTHER_WORDS.get(code) ?? inGeneral(status), withholds: true };
}

export const INTERNAL = 'NBS_INTERNAL';

function inGeneral(status: number): string {
  if (status < 500) return 'the application refused the request';
  if (status === 503) return 'the application is not available at the moment; try again later';
  return status === 504 ? 'the application took too long' : 'the application failed on this request';
}
