import type { AppVersion } from './target/index.js';

interface AppTrials {
  open: number;
  readonly before: Map<number, AppVersion | null>;
  /** Versions that the application itself has accepted. One that was deployed together with others is on trial until these have accepted theirs. */
  readonly applied: Set<number>;
}

/**
 * Live versions whose configuration replicas still try or have refused, with what was live before each. If several come in a row, the one to go back to
 * is the last one that was accepted.
 */
export class Trials {
  readonly #apps = new Map<string, AppTrials>();

  /** The version `generation` has become live in the place of `before`. */
  begin(app: string, generation: number, before: AppVersion | null): void {
    const trials = this.#apps.get(app) ?? { open: 0, before: new Map(), applied: new Set() };
    trials.open += 1;
    trials.before.set(generation, before);
    this.#apps.set(app, trials);
  }

  /** All replicas of the application have applied the configuration of this version. */
  applied(app: string, generation: number): void {
    this.#apps.get(app)?.applied.add(generation);
  }

  /** The version to go back to if this one is refused; `null` if there is none. */
  goBackTo(app: string, generation: number): AppVersion | null {
    const { before, applied } = this.#apps.get(app) ?? {};
    let version = before?.get(generation) ?? null;
    while (version !== null && applied?.has(version.generation) === false && before?.has(version.generation) === true)
      version = before.get(version.generation) ?? null;
    return version;
  }

  /** The application, other than `own`, that may go back to a version with this prefix. */
  ownerOf(prefix: string, own: ReadonlySet<string>): string | null {
    for (const [app, { before }] of this.#apps)
      if (!own.has(app) && [...before.values()].some((version) => version?.spec.routePrefix === prefix)) return app;
    return null;
  }

  /** The trial of a version has ended. To be called once for each `begin`. */
  end(app: string, generation: number, accepted: boolean): void {
    const trials = this.#apps.get(app);
    if (trials === undefined) return;
    if (accepted) trials.before.delete(generation);
    else trials.applied.delete(generation);
    trials.open -= 1;
    if (trials.open === 0) this.#apps.delete(app);
  }
}
