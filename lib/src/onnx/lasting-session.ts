import type { ModelSession, RunPlace, TensorInfo } from './types.js';

/**
 * After a run that asks for more than 2^63 bytes, the allocator of a session doubles its next region beyond what a number holds, and refuses
 * every larger region from then on.
 */
const BREAKS = /integer overflow/i;

type RunArguments = Parameters<ModelSession['run']>;

/** A session that is made anew if a run has broken it, so that one request cannot end a model for all later ones. Runs at the same time may fail too. */
export class LastingSession implements ModelSession {
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  readonly #open: () => Promise<ModelSession>;
  #session: ModelSession;
  #renewal: Promise<void> | null = null;
  #isReleased = false;

  /** @param open makes another session of the same model */
  constructor(session: ModelSession, open: () => Promise<ModelSession>) {
    this.inputs = session.inputs;
    this.outputs = session.outputs;
    this.#session = session;
    this.#open = open;
  }

  get place(): RunPlace {
    return this.#session.place;
  }

  run(...args: RunArguments): ReturnType<ModelSession['run']> {
    return this.#renewal === null ? this.#run(args) : this.#renewal.then(() => this.#run(args));
  }

  async #run(args: RunArguments): ReturnType<ModelSession['run']> {
    const session = this.#session;
    try {
      return await session.run(...args);
    } catch (error) {
      const isBroken = BREAKS.test(String((error as Error | null)?.message));
      if (isBroken && !this.#isReleased && session === this.#session) this.#renewal ??= this.#renew();
      throw error;
    }
  }

  async #renew(): Promise<void> {
    const broken = this.#session;
    try {
      const session = await this.#open();
      if (this.#isReleased) return await session.release();
      this.#session = session;
      // It ends when its runs have ended, for which nobody has to wait.
      void broken.release();
    } catch (error) {
      // The next run that fails tries it again.
      console.error(error);
    } finally {
      this.#renewal = null;
    }
  }

  async release(): Promise<void> {
    this.#isReleased = true;
    await this.#renewal;
    await this.#session.release();
  }
}
