import { createLog, isNbserveError } from '../../core/index.js';
import type { ClientRequest } from './end-answer.js';

const WINDOW_MS = 1000;
/** Callers can cause errors at any rate, so the number of lines is limited. */
const MAX_LINES = 10;
const MAX_PATH = 100;

type Told = Pick<ClientRequest, 'method' | 'url'>;

const log = createLog('proxy');

/** Logs why requests failed, for the operator of the cluster; clients do not see this. The same reason is logged at most once in a second. */
export class FailureLog {
  readonly #told = new Set<string>();
  #since = 0;

  tell(request: Told, status: number, error: Error, requestId: string): void {
    const reason = isNbserveError(error) ? `${error.code}: ${error.message}` : (error.stack ?? error.message);
    this.#warn(request, `was answered with ${status}`, reason, requestId);
  }

  /** For an answer that has begun, and that the client does not get whole. */
  cutOff(request: Told, reason: string, requestId: string): void {
    this.#warn(request, 'was cut off', reason, requestId);
  }

  #warn({ method = '', url = '' }: Told, what: string, reason: string, requestId: string): void {
    const now = performance.now();
    if (now - this.#since >= WINDOW_MS) {
      this.#told.clear();
      this.#since = now;
    }
    if (this.#told.size >= MAX_LINES || this.#told.has(reason)) return;
    this.#told.add(reason);
    const path = url
      .split('?', 1)[0]
      ?.slice(0, MAX_PATH)
      .replace(/[^\x21-\x7e]/g, '?');
    log.warn(`${method} ${path} ${what} (request ${requestId}): ${reason}`);
  }
}
