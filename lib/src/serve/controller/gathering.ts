import { type Deferred, deferred } from '../../core/index.js';
import type { AppSpec } from '../protocol/index.js';

interface Gathered<T> {
  readonly specs: AppSpec[];
  readonly accepted: Deferred<T>;
}

/** Holds the applications of one configuration, which come in requests of their own, until all of them are there. */
export class Gathering<T> {
  readonly #accept: (specs: readonly AppSpec[]) => Promise<T>;
  readonly #gathered = new Map<string, Gathered<T>>();

  /** @param accept is called once for each configuration */
  constructor(accept: (specs: readonly AppSpec[]) => Promise<T>) {
    this.#accept = accept;
  }

  /** Resolves when the application and all that are deployed with it are accepted. Rejects if one of them is refused. */
  join(spec: AppSpec): Promise<T> {
    const { together } = spec;
    if (together === undefined) return this.#accept([spec]);
    const { specs, accepted } = this.#gathered.get(together.id) ?? { specs: [], accepted: deferred<T>() };
    specs.push(spec);
    this.#gathered.set(together.id, { specs, accepted });
    if (specs.length === together.members.length) {
      this.#gathered.delete(together.id);
      this.#accept(specs).then(accepted.resolve, accepted.reject);
    }
    return accepted.promise;
  }

  /** Forgets the applications of a configuration whose driver has gone. */
  forget({ together }: AppSpec): void {
    if (together !== undefined) this.#gathered.delete(together.id);
  }
}
