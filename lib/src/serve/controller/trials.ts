import type { AppVersion } from './target/index.js';

/**
 * Live versions whose configuration replicas still try or have refused, with what was live before each. If several come in a row, the one to go back to
 * is the last one that was accepted.
 */
export class Trials {
  readonly #apps = new Map<string, { open: number; readonly before: Map<number, AppVersion | null> }>();

  /** The version `generation` has become live in the place of `before`. */
  begin(app: string, generation: number, before: AppVersion | null): void {
    const trials = this.#apps.get(app) ?? { open: 0, before: new Map<number, AppVersion | null>() };
    trials.open += 1;
    trials.before.set(generation, before);
    this.#apps.set(app, trials);
  }

  /** The version to go back to if this one is refused; `null` if there is none. */
  goBackTo(app: string, generation: number): AppVersion | null {
    const before = this.#apps.get(app)?.before;
    let version = before?.get(generation) ?? null;
    while (version !== null && before?.has(version.generation) === true) version = before.get(version.generation) ?? null;
    return version;
  }

  /** The trial of a version has ended. To be called once for each `begin`. */
  end(app: string, generation: number, accepted: boolean): void {
    const trials = this.#apps.get(app);
    if (trials === undefined) return;
    if (accepted) trials.before.delete(generation);
    trials.open -= 1;
    if (trials.open === 0) this.#apps.delete(app);
  }
}
