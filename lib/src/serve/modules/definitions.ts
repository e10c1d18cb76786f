import type { ModulePackage } from '../../code/index.js';

/** What can be deployed: a class or a function. */
export type Target = ((...args: never[]) => unknown) | (new (...args: never[]) => unknown);

/** Where a deployment's target was defined, when that is a module file and not a notebook cell. */
export interface ModuleOrigin {
  readonly file: string;
  /** Already compiled, where the module was imported by nbserve itself. */
  readonly compiled?: ModulePackage;
  /** The name under which `serve.deployment` first met it there. */
  readonly name: string;
}

const origins = new WeakMap<Target, ModuleOrigin>();
/** By name; on the global object, because a user's bundle may hold a copy of this package. */
const KEY = Symbol.for('nbserve.definitions');
const shared = globalThis as { [KEY]?: Map<string, Target> };
shared[KEY] ??= new Map();
const targets = shared[KEY];
let importing: ModulePackage | undefined;

/** While `load` runs, what it defines belongs to this module. */
export async function definingModule<T>(compiled: ModulePackage, load: () => Promise<T>): Promise<T> {
  importing = compiled;
  try {
    return await load();
  } finally {
    importing = undefined;
  }
}

/** Notes a new deployment; the first definition of a target counts. */
export function noteDefinition(name: string, target: Target, callerFile: string | undefined): void {
  if (name !== '' && !targets.has(name)) targets.set(name, target);
  if (origins.has(target)) return;
  const file = importing?.file ?? callerFile;
  if (file !== undefined) origins.set(target, { file, name, ...(importing === undefined ? {} : { compiled: importing }) });
}

const numbered = new WeakSet<Target>();
const counts = new Map<string, number>();

/** As {@link noteDefinition}, for functions of which a file may have several under one name: the second is `name_1`, in the order of the file. */
export function noteNumbered(name: string, target: Target, callerFile: string | undefined): void {
  const file = importing?.file ?? callerFile;
  // Those of cells are found by their source, and would never be let go of here.
  if (file === undefined || numbered.has(target)) return;
  numbered.add(target);
  const key = JSON.stringify([file, name]);
  const count = counts.get(key) ?? 0;
  counts.set(key, count + 1);
  noteDefinition(count === 0 ? name : `${name}_${count}`, target, callerFile);
}

export const originOf = (target: Target): ModuleOrigin | undefined => origins.get(target);

/** In a replica: the class or function that the imported module defined under this name. */
export const definedTarget = (name: string): Target | undefined => targets.get(name);
