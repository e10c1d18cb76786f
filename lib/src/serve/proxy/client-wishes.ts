import type { IncomingHttpHeaders } from 'node:http';
import { MAX_TIMER_MS } from '../../core/index.js';
import type { DeadlineLimit } from '../router/index.js';
import { BadTimeout } from './errors.js';

/** The same name as in Ray Serve. gRPC's `grpc-timeout` is only for gRPC. */
const TIMEOUT_HEADER = 'x-request-timeout-seconds';
/**
 * RFC 9218 has urgencies from 0 to 7. From this one on, nobody waits for the answer: 7 is called background, and browsers use 6 for background
 * requests.
 */
const FIRST_BATCH_URGENCY = 6;

/** What a client asks for in its headers, besides the answer itself. */
export interface ClientWishes {
  readonly limit?: DeadlineLimit;
  readonly priority?: 'batch';
}

export const NO_WISHES: ClientWishes = {};

/** @param waitedMs how long the request has waited already @throws NBS_BAD_TIMEOUT */
export function clientWishes(headers: IncomingHttpHeaders, waitedMs = 0): ClientWishes {
  const timeout = headers[TIMEOUT_HEADER];
  const { priority } = headers;
  if (timeout === undefined && priority === undefined) return NO_WISHES;
  return {
    ...(timeout === undefined ? {} : { limit: limitOf(String(timeout), waitedMs) }),
    ...(typeof priority === 'string' && isBatch(priority) ? { priority: 'batch' } : {}),
  };
}

function limitOf(value: string, waitedMs: number): DeadlineLimit {
  const seconds = /^\d+(\.\d+)?$|^\.\d+$/.test(value) ? Number(value) : 0;
  if (seconds === 0) throw BadTimeout({ value: value.slice(0, 40) });
  return { leftMs: Math.min(seconds * 1000, MAX_TIMER_MS) - waitedMs, of: `the ${TIMEOUT_HEADER} of the request` };
}

/** Reads a dictionary of RFC 8941, such as `u=6, i`. An invalid value is ignored (RFC 9218, section 5). */
function isBatch(priority: string): boolean {
  const urgency = /(?:^|,)[ \t]*u=([0-7])[ \t]*(?:[,;]|$)/.exec(priority);
  return urgency !== null && Number(urgency[1]) >= FIRST_BATCH_URGENCY;
}
