import { InTurn } from '../core/index.js';
import { LoadRefused } from './errors.js';

interface Model {
  readonly turn: InTurn;
  /** Ends the loads that have come since the last unload. */
  loads: AbortController;
  /** Changes that have not ended. */
  count: number;
}

/**
 * The changes of models, which have the effect of the order in which they come: those of one model are done one after the other. A load can take minutes, so
 * an unload does not wait for the loads of its model that came before it, but ends them.
 */
export class ModelChanges {
  readonly #models = new Map<string, Model>();

  /**
   * @param work loads the model; it must have no more effect after it has ended, also if the signal ended it
   * @throws NBS_OIP_LOAD_FAILED if an unload ends it, and what the work throws
   */
  load(name: string, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const model = this.#of(name);
    const { signal } = model.loads;
    return this.#inTurn(name, model, async () => {
      try {
        signal.throwIfAborted();
        await work(signal);
      } catch (error) {
        if (!signal.aborted) throw error;
        throw LoadRefused({ name, what: 'loaded', reason: 'it was unloaded before it was ready' }, error);
      }
    });
  }

  /** @param work unloads the model; it is told whether a load came before, which may have begun to deploy it */
  unload(name: string, work: (hadLoad: boolean) => Promise<void>): Promise<void> {
    const model = this.#of(name);
    const hadLoad = model.count > 0;
    model.loads.abort();
    model.loads = new AbortController();
    return this.#inTurn(name, model, () => work(hadLoad));
  }

  #of(name: string): Model {
    const model = this.#models.get(name) ?? { turn: new InTurn(), loads: new AbortController(), count: 0 };
    this.#models.set(name, model);
    return model;
  }

  async #inTurn(name: string, model: Model, work: () => Promise<void>): Promise<void> {
    model.count += 1;
    try {
      await model.turn.run(work);
    } finally {
      model.count -= 1;
      if (model.count === 0) this.#models.delete(name);
    }
  }
}
