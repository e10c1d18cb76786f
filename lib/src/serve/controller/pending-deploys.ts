import { type Deferred, deferred } from '../../core/index.js';
import { type ControllerOps, Superseded } from '../protocol/index.js';

export type Deployed = ControllerOps['deploy']['result'];

/** Callers of `deploy` that wait for their version, by generation. */
export class PendingDeploys {
  readonly #waiting = new Map<number, { readonly app: string; readonly done: Deferred<Deployed> }>();

  add(generation: number, app: string): Promise<Deployed> {
    const done = deferred<Deployed>();
    // It may be settled before anybody awaits it.
    done.promise.catch(() => {});
    this.#waiting.set(generation, { app, done });
    return done.promise;
  }

  has(generation: number): boolean {
    return this.#waiting.has(generation);
  }

  resolve(generation: number, result: Deployed): void {
    this.#waiting.get(generation)?.done.resolve(result);
    this.#waiting.delete(generation);
  }

  reject(generation: number, error: unknown): void {
    this.#waiting.get(generation)?.done.reject(error);
    this.#waiting.delete(generation);
  }

  /**
   * Fails the deploys of `app` up to a generation, because there is a newer one.
   * @param live the live generation. If traffic was switched to a deploy and it only waits for proxies, it has succeeded, whatever comes after it.
   */
  supersede(app: string, upTo: number, live: number | undefined, newer: string): void {
    for (const [generation, waiting] of this.#waiting) {
      if (waiting.app === app && generation <= upTo && generation !== live) this.reject(generation, Superseded({ app, newer }));
    }
  }

  supersedeAll(newer: string): void {
    for (const [generation, { app }] of this.#waiting) this.reject(generation, Superseded({ app, newer }));
  }
}
