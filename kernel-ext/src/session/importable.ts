import { createRequire } from 'node:module';

const own = createRequire(import.meta.url);

/** Modules of Node whose functions people use without importing them, the likeliest first. */
const MODULES =
  'fs path os util url crypto child_process events timers/promises assert stream stream/promises zlib readline/promises perf_hooks worker_threads http https net'
    .split(' ')
    .map((name) => `node:${name}`);

/** The module of Node that most likely is meant by a name that no cell declares. */
export const moduleOf = (name: string): string | undefined =>
  MODULES.find((module) => Object.hasOwn(own(module) as object, name));

/** What these modules export under names that begin like this, in the order of the alphabet. */
export function importable(start: string): readonly string[] {
  const names = new Set(MODULES.flatMap((module) => Object.keys(own(module) as object)));
  return [...names].filter((name) => name.startsWith(start) && name !== 'default').sort();
}
