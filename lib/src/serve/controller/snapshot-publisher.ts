import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../../core/index.js';
import type { RouteSnapshot } from '../protocol/index.js';
import type { ActualView } from './actual.js';
import { buildRoutes, type Routes } from './snapshot.js';
import type { TargetState } from './target.js';

/** Publishes the routes whenever they differ from what was published last. */
export class SnapshotPublisher {
  readonly #publish: (snapshot: RouteSnapshot) => void;
  #version: number;
  #last: Routes | null = null;

  constructor(clock: Clock, publish: (snapshot: RouteSnapshot) => void) {
    this.#publish = publish;
    // A restarted controller counts on from a higher number than the one before reached, without having to store it.
    this.#version = clock.now();
  }

  /** Version of the snapshot published last. */
  get version(): number {
    return this.#version;
  }

  publish(target: TargetState, actual: ActualView): void {
    const routes = buildRoutes(target, actual);
    if (isDeepStrictEqual(routes, this.#last)) return;
    this.#last = routes;
    this.#version += 1;
    this.#publish({ version: this.#version, ...routes });
  }
}
