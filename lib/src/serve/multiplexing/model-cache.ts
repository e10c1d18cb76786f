import { disposeModel } from './dispose-model.js';

interface Entry {
  readonly id: string;
  readonly model: Promise<unknown>;
  /** Requests that got it and have not ended. */
  users: number;
  evicted: boolean;
}

/**
 * The models that one replica holds, least recently asked for first. Loads of one id that are under way are joined. A model that has to go
 * is freed once the last request that got it has ended; until then the replica holds one more than its limit.
 */
export class ModelCache {
  readonly #load: (id: string) => Promise<unknown>;
  readonly #max: number;
  readonly #entries = new Map<string, Entry>();
  readonly #freeing = new Set<Promise<void>>();

  /** @param max models to keep; `Infinity` is no limit */
  constructor(load: (id: string) => Promise<unknown>, max: number) {
    this.#load = load;
    this.#max = max;
  }

  /** Ids of the models, least recently asked for first. */
  get ids(): readonly string[] {
    return [...this.#entries.keys()];
  }

  /**
   * The model of an id; a load that fails is tried again by the next call.
   * @param hold takes what says that the asking request has ended; `null` where nothing will say so
   */
  get(id: string, hold: ((release: () => void) => void) | null): Promise<unknown> {
    const known = this.#entries.get(id);
    const entry = known ?? this.#begin(id);
    if (known !== undefined) {
      // The newest is the last one of a Map.
      this.#entries.delete(id);
      this.#entries.set(id, known);
    }
    if (hold !== null) {
      entry.users += 1;
      hold(() => {
        entry.users -= 1;
        this.#freeUnused(entry);
      });
    }
    return entry.model;
  }

  /** Frees every model, used or not. */
  async close(): Promise<void> {
    for (const entry of this.#entries.values()) {
      this.#entries.delete(entry.id);
      this.#free(entry);
    }
    await Promise.all(this.#freeing);
  }

  #begin(id: string): Entry {
    // Before the load: there may be no memory for one more.
    while (this.#entries.size >= this.#max) this.#evictOldest();
    const entry: Entry = { id, model: this.#loading(id), users: 0, evicted: false };
    this.#entries.set(id, entry);
    entry.model.catch(() => {
      if (this.#entries.get(id) === entry) this.#entries.delete(id);
    });
    return entry;
  }

  async #loading(id: string): Promise<unknown> {
    if (this.#freeing.size > 0) await Promise.all(this.#freeing);
    return this.#load(id);
  }

  #evictOldest(): void {
    for (const oldest of this.#entries.values()) {
      this.#entries.delete(oldest.id);
      oldest.evicted = true;
      this.#freeUnused(oldest);
      return;
    }
  }

  #freeUnused(entry: Entry): void {
    if (entry.evicted && entry.users === 0) this.#free(entry);
  }

  #free(entry: Entry): void {
    const freeing = entry.model.then(
      (model) => disposeModel(entry.id, model),
      () => {}, // the load failed: there is nothing to free
    );
    this.#freeing.add(freeing);
    void freeing.then(() => this.#freeing.delete(freeing));
  }
}
