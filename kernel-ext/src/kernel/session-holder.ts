import type { Session } from '../session/index.js';

/** Loads the session once, in the background, when it is first needed. */
export class SessionHolder {
  readonly #load: (made: (session: Session) => void) => Promise<Session>;
  #session: Promise<Session> | undefined;
  #made: Session | undefined;

  /** @param load makes a session, calls `made` with it, and warms it up */
  constructor(load: (made: (session: Session) => void) => Promise<Session>) {
    this.#load = load;
  }

  /** Returns the session when it is warmed up. Rejects if it cannot be loaded. */
  get(): Promise<Session> {
    if (!this.#session) {
      this.#session = this.#load((session) => {
        this.#made = session;
      });
      this.#session.catch(() => {});
    }
    return this.#session;
  }

  /** The session, warm or not, if there is one. */
  get made(): Session | undefined {
    return this.#made;
  }

  /** Ends the session, if there is one. A session that is still loading stops as soon as possible. */
  async dispose(): Promise<void> {
    await this.#made?.dispose();
  }
}
