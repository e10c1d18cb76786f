import { isNbserveError } from '../core/index.js';

/** The text of an error for the terminal: `code: message`. */
export function showError(error: unknown): string {
  if (!isNbserveError(error)) return error instanceof Error ? (error.stack ?? error.message) : String(error);
  // The stack of the cause is nbserve's or a library's, and the message says what was wrong; so only the cause's message is shown.
  const cause = error.cause instanceof Error && !error.message.includes(error.cause.message) ? error.cause.message : '';
  return `${error.code}: ${error.message}${cause === '' ? '' : `\ncaused by: ${cause}`}`;
}
