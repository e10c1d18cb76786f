import type { Session } from '../session/index.js';

/** Loads the session once, in the background, when first wanted. */
export class SessionHolder {
  readonly #load: () => Promise<Session>;
  #session: Promise<Session> | undefined;
  #loaded: Session | undefined;

  /** @param load makes a session and warms it */
  constructor(load: () => Promise<Session>) {
    this.#load = load;
  }

  /** The session, warm. Rejects where it cannot be loaded. */
  get(): Promise<Session> {
    if (!this.#session) {
      this.#session = this.#load();
      this.#session.then(
        (session) => {
          this.#loaded = session;
        },
        () => {},
      );
    }
    return this.#session;
  }

  /** Ends the session, if there is one. */
  async dispose(): Promise<void> {
    await this.#loaded?.dispose();
  }
}
