import type { Session, SessionOptions } from './session.js';

/** Starts a session; cheap, TypeScript is loaded by `warm()` or by the first cell. */
export function createSession(_options: SessionOptions): Session {
  throw new Error('not built yet');
}
