import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../../../core/index.js';
import type { RisingRoute, RouteSnapshot } from '../../protocol/index.js';
import type { ActualView } from '../replicas/index.js';
import type { TargetState } from '../target/index.js';
import { buildRoutes, type Routes } from './snapshot.js';

const NONE: readonly RisingRoute[] = [];

/** Publishes the routes whenever they have changed. */
export class SnapshotPublisher {
  readonly #publish: (snapshot: RouteSnapshot) => void;
  #version: number;
  #last: Routes | null = null;
  // What the last snapshot was made from. Most rounds change nothing that routers need.
  #target: TargetState | null = null;
  #revision = -1;
  #expected: readonly RisingRoute[] = NONE;

  constructor(clock: Clock, publish: (snapshot: RouteSnapshot) => void) {
    this.#publish = publish;
    // A restarted controller begins with a higher number than the one before has reached, without storing it.
    this.#version = clock.now();
  }

  /** Version of the last published snapshot. */
  get version(): number {
    return this.#version;
  }

  /** @param expected routes of applications that are about to be deployed */
  publish(target: TargetState, actual: ActualView, expected: readonly RisingRoute[] = NONE): void {
    if (this.#target === target && this.#revision === actual.revision && this.#expected === expected) return;
    this.#expected = expected;
    this.#target = target;
    this.#revision = actual.revision;
    const routes = keepSame(this.#last, buildRoutes(target, actual, expected));
    if (routes === this.#last) return;
    this.#last = routes;
    this.#version += 1;
    this.#publish({ version: this.#version, ...routes });
  }
}

/**
 * A copy of `after` in which equal objects, two levels deep, are replaced by those of `before`; `before` itself if all are equal. The feed sends only
 * new objects.
 */
function keepSame(before: Routes | null, after: Routes): Routes {
  return before === null ? after : (keepEntries(before, after, (old, fresh) => keepEntries(old, fresh, keepEqual)) as Routes);
}

function keepEntries(before: unknown, after: unknown, keep: (before: unknown, after: unknown) => unknown): unknown {
  if (!isTable(before) || !isTable(after)) return keepEqual(before, after);
  const kept = Object.entries(after).map(([key, value]) => [key, keep(before[key], value)] as const);
  const isSame = kept.length === Object.keys(before).length && kept.every(([key, value]) => value === before[key]);
  return isSame ? before : Object.fromEntries(kept);
}

function keepEqual(before: unknown, after: unknown): unknown {
  const isSameList =
    Array.isArray(before) && Array.isArray(after) && before.length === after.length && after.every((one, i) => one === before[i]);
  return isSameList || isDeepStrictEqual(before, after) ? before : after;
}

function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
