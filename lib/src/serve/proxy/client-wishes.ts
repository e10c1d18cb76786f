import type { IncomingHttpHeaders } from 'node:http';
import { MAX_TIMER_MS } from '../../core/index.js';
import type { DeadlineLimit } from '../router/index.js';
import { BadTimeout } from './errors.js';

/** Ray Serve's name. gRPC's `grpc-timeout` is for gRPC. */
const TIMEOUT_HEADER = 'x-request-timeout-seconds';
/** Of the urgencies of RFC 9218, 0 to 7, the ones for work that nobody waits for: 7 is its background, and what browsers call background is 6. */
const FIRST_BATCH_URGENCY = 6;

/** What a client asks for with its request, besides the answer. */
export interface ClientWishes {
  readonly limit?: DeadlineLimit;
  readonly priority?: 'batch';
}

export const NO_WISHES: ClientWishes = {};

/** @throws NBS_BAD_TIMEOUT */
export function clientWishes(headers: IncomingHttpHeaders): ClientWishes {
  const timeout = headers[TIMEOUT_HEADER];
  const { priority } = headers;
  if (timeout === undefined && priority === undefined) return NO_WISHES;
  return {
    ...(timeout === undefined ? {} : { limit: limitOf(String(timeout)) }),
    ...(typeof priority === 'string' && isBatch(priority) ? { priority: 'batch' } : {}),
  };
}

function limitOf(value: string): DeadlineLimit {
  const seconds = /^\d+(\.\d+)?$|^\.\d+$/.test(value) ? Number(value) : 0;
  if (seconds === 0) throw BadTimeout({ value: value.slice(0, 40) });
  return { leftMs: Math.min(seconds * 1000, MAX_TIMER_MS), of: `the ${TIMEOUT_HEADER} of the request` };
}

/** A dictionary of RFC 8941, such as `u=6, i`. What is no such thing says nothing (RFC 9218, section 5). */
function isBatch(priority: string): boolean {
  const urgency = /(?:^|,)[ \t]*u=([0-7])[ \t]*(?:[,;]|$)/.exec(priority);
  return urgency !== null && Number(urgency[1]) >= FIRST_BATCH_URGENCY;
}
