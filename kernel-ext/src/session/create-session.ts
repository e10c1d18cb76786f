import { NotebookSession } from './notebook-session.js';
import type { Session, SessionOptions } from './session.js';

/** Starts a session. Cheap: TypeScript is loaded by `warm()` or by the first cell. */
export function createSession(options: SessionOptions): Session {
  return new NotebookSession(options);
}
