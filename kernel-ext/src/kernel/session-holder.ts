import type { Session } from '../session/index.js';

/** Loads the session once, in the background, when first wanted. */
export class SessionHolder {
  readonly #load: (made: (session: Session) => void) => Promise<Session>;
  #session: Promise<Session> | undefined;
  #made: Session | undefined;

  /** @param load makes a session, tells of it, and warms it */
  constructor(load: (made: (session: Session) => void) => Promise<Session>) {
    this.#load = load;
  }

  /** The session, warm. Rejects where it cannot be loaded. */
  get(): Promise<Session> {
    if (!this.#session) {
      this.#session = this.#load((session) => {
        this.#made = session;
      });
      this.#session.catch(() => {});
    }
    return this.#session;
  }

  /** Ends the session, if there is one. One that still loads stops at the next opportunity. */
  async dispose(): Promise<void> {
    await this.#made?.dispose();
  }
}
