import type { DefinitionRef, ModulePackage } from '../../code/index.js';
import { placeOfCall } from './call-place.js';
import { type Captured, capturedBy } from './captured.js';
import { type FileStamp, stampOf } from './file-stamp.js';
import { isInert } from './inert.js';

/** What can be deployed: a class or a function. */
export type Target = ((...args: never[]) => unknown) | (new (...args: never[]) => unknown);

/** Where a deployment's target was defined, if only files are involved. */
export interface ModuleOrigin {
  /** The file that a replica runs. */
  readonly file: string;
  /** Set if nbserve itself has imported, and so compiled, the module. */
  readonly compiled?: ModulePackage | undefined;
  /** The name with which it was first deployed there. */
  readonly name: string;
  readonly ref: DefinitionRef;
  /** False when code without a file (a notebook cell) called into the file. */
  readonly isOfFiles: boolean;
  /** The involved files with their contents at that time. Empty if a compiled bundle ran. */
  readonly stamps: readonly FileStamp[];
}

/** One call that made a deployment. The calls are kept in order. */
interface Definition extends Captured {
  readonly name: string;
  /** Set only in a replica; in other processes it would never be freed. */
  readonly target?: Target | undefined;
}

const origins = new WeakMap<Target, { readonly origin: ModuleOrigin; readonly group: readonly Definition[] }>();
/** The definitions by place. They are on the global object, because a user's bundle may contain a copy of this package. */
const KEY = Symbol.for('nbserve.places');
const shared = globalThis as { [KEY]?: Map<string, Definition[]> };
shared[KEY] ??= new Map();
const places = shared[KEY];
/** Modules that nbserve itself imports, by the path of their bundle. */
const compiled = new Map<string, ModulePackage>();

/** To be called before the bundle of a module is imported. Its definitions are then found in that bundle. */
export function noteModule(module: ModulePackage): void {
  compiled.set(module.bundle, module);
}

/** A target of `serve.deployment`, or a policy in its options: one call can define both. */
export type DefinitionRole = DefinitionRef['role'];

/**
 * Notes a new deployment. Only the first definition of a target counts. Definitions are distinguished by their place and never by their name: by the
 * lines that led to the call, and by the variables that the function sees of the calls in which it was made.
 */
export function noteDefinition(name: string, target: Target, role: DefinitionRole): void {
  if (origins.has(target)) return;
  const place = placeOfCall();
  if (place === undefined) return;
  const { sites, files, entry, evaluation, isOfFiles } = place;
  const inert = isInert();
  const key = keyOf(sites, role, inert ? '' : evaluation);
  const group = places.get(key) ?? [];
  places.set(key, group);
  const captured = capturedBy(target);
  const order = orderOf(captured, group);
  group.push({ ...captured, name, target: inert ? target : undefined });
  const module = compiled.get(entry);
  const origin: ModuleOrigin = {
    file: module?.file ?? entry,
    compiled: module,
    name,
    ref: { sites, role, captured: captured.digest, isCertain: captured.isCertain, order, isOnlyOfName: true },
    isOfFiles,
    stamps: module === undefined && !inert ? [...new Set([entry, ...files])].map(stampOf) : [],
  };
  origins.set(target, { origin, group });
}

export function originOf(target: Target): ModuleOrigin | undefined {
  const { origin, group } = origins.get(target) ?? {};
  if (origin === undefined || group === undefined) return undefined;
  const { ref, name } = origin;
  return { ...origin, ref: { ...ref, isOnlyOfName: group.filter((other) => other.name === name).length === 1 } };
}

/** In a replica: what the module has defined so far at the place of `ref`. */
export function definedAt({ sites, role }: DefinitionRef): readonly Definition[] {
  return places.get(keyOf(sites, role, '')) ?? [];
}

/** In a replica: everything that the module has defined so far under a name. */
export function definedAs(name: string): readonly Definition[] {
  return [...places.values()].flat().filter((definition) => definition.name === name);
}

/** Its position among the definitions with the same digest. If equal digests mean equal values, its position among those with the same code. */
function orderOf({ digest, isCertain, code }: Captured, before: readonly Definition[]): number {
  const same = before.filter((other) => other.digest === digest);
  if (!isCertain) return same.length;
  const codes = [...new Set(same.map((other) => other.code))];
  return codes.includes(code) ? codes.indexOf(code) : codes.length;
}

const keyOf = (sites: readonly string[], role: DefinitionRole, evaluation: string): string =>
  JSON.stringify([evaluation, role, sites]);
