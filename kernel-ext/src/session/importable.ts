import { createRequire } from 'node:module';

const own = createRequire(import.meta.url);

/** Modules of Node whose functions people use without importing them, the likeliest first. */
const MODULES =
  'fs path os util url crypto child_process events timers/promises assert stream stream/promises zlib readline/promises perf_hooks worker_threads http https net'
    .split(' ')
    .map((name) => `node:${name}`);

/** The parts of nbserve that cells import. */
export const OWN_MODULES: readonly string[] = [
  'nbserve',
  ...['data', 'onnx', 'plot', 'lessons', 'train', 'tune', 'text', 'openai', 'ingress'].map((part) => `nbserve/${part}`),
];

/** The module of Node that most likely is meant by a name that no cell declares. */
export const moduleOf = (name: string): string | undefined =>
  MODULES.find((module) => Object.hasOwn(own(module) as object, name));

const ownExports = new Map<string, readonly string[]>();

/** What a part of nbserve exports. @param ask asks the types, once, because nothing of it may be loaded yet */
export function exportsOfOwn(module: string, ask: (module: string) => readonly string[]): readonly string[] {
  const known = ownExports.get(module);
  if (known !== undefined) return known;
  const names = ask(module);
  // No part is empty: the types could not say it this time.
  if (names.length > 0) ownExports.set(module, names);
  return names;
}

/**
 * What the modules of Node and nbserve export under names that begin like this, in the order of the alphabet.
 * @param exportsOf asks the types; see {@link exportsOfOwn}
 */
export function importable(start: string, exportsOf: (module: string) => readonly string[]): readonly string[] {
  const ownNames = OWN_MODULES.flatMap((module) => exportsOfOwn(module, exportsOf));
  const names = new Set([...MODULES.flatMap((module) => Object.keys(own(module) as object)), ...ownNames]);
  return [...names].filter((name) => name.startsWith(start) && name !== 'default').sort();
}
