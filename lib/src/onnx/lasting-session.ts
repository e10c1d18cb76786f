import { InTurn } from '../core/index.js';
import { inputsOf, isBreak } from './broken-run.js';
import { copyOf } from './elements.js';
import type { Feeds, ModelSession, RunPlace, Tensor, TensorInfo } from './types.js';

type RunArguments = Parameters<ModelSession['run']>;

/**
 * A session that is made anew if a run has broken it, so that one request cannot end a model for all later ones. Runs that were in progress at the same
 * time fail with the same words as the run that broke it. So each of them is made once more, on a session of its own.
 */
export class LastingSession implements ModelSession {
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  readonly #open: () => Promise<ModelSession>;
  #session: ModelSession;
  #renewal: Promise<void> | null = null;
  #isReleased = false;
  /** Runs that have begun and not ended. */
  #active = 0;
  /** Runs that have ever begun. */
  #begun = 0;
  /** The runs that are made once more. There is one at a time, because each needs the memory of another session. */
  readonly #again = new InTurn();

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
    if (this.#renewal === null) return this.#run(args);
    // The caller may change its arrays meanwhile.
    const [feeds, outputs, stop] = args;
    const copy = copyOfFeeds(feeds);
    return this.#renewal.then(() => this.#run([copy, outputs, stop]));
  }

  async #run(args: RunArguments): ReturnType<ModelSession['run']> {
    const session = this.#session;
    const wasAlone = this.#active === 0;
    this.#active += 1;
    this.#begun += 1;
    const begun = this.#begun;
    let feeds: Feeds | undefined;
    try {
      return await session.run(...args);
    } catch (error) {
      if (!isBreak(error) || this.#isReleased) throw error;
      if (session === this.#session) this.#renewal ??= this.#renew();
      if (wasAlone && begun === this.#begun) throw error;
      feeds = inputsOf(error);
      if (feeds === undefined) throw error;
    } finally {
      this.#active -= 1;
    }
    const [, outputs, stop] = args;
    return this.#runApart([feeds, outputs, stop]);
  }

  /** Makes a run once more, on a session that no other run can break. */
  #runApart(args: RunArguments): ReturnType<ModelSession['run']> {
    return this.#again.run(async () => {
      const session = await this.#open();
      try {
        return await session.run(...args);
      } finally {
        await session.release();
      }
    });
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
    await this.#again.ended();
    await this.#session.release();
  }
}

const copyOfFeeds = (feeds: Feeds): Feeds =>
  Object.fromEntries(
    Object.entries(feeds).map(([name, value]) => [name, { ...value, data: copyOf(value.data) } as Tensor] as const),
  );
