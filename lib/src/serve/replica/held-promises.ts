import { types } from 'node:util';
import { RemoteCall } from '../handle/index.js';
import { privateFields } from './private-fields.js';

export interface HeldPromise {
  /** `#model`, `models.cat` */
  readonly place: string;
  readonly promise: Promise<unknown>;
}

/** A field that is nested more deeply is data, and not searched for promises. */
const MAX_DEPTH = 3;
const MAX_ENTRIES = 1000;

/**
 * The promises in the fields of an instance: its own, private and static ones, and also those in arrays, maps, sets and plain objects in these
 * fields.
 * Objects of other classes are not searched, because their promises are handled by those classes.
 */
export function heldPromises(instance: object): readonly HeldPromise[] {
  const found: HeldPromise[] = [];
  const seen = new Set<unknown>();
  const visit = (value: unknown, place: string, depth: number): void => {
    if (typeof value !== 'object' || value === null || seen.has(value)) return;
    seen.add(value);
    // A response of a handle is a promise of its own class.
    if (types.isPromise(value) || RemoteCall.is(value)) found.push({ place, promise: value });
    else if (depth < MAX_DEPTH) for (const [name, inner] of entriesOf(value)) visit(inner, `${place}${name}`, depth + 1);
  };
  for (const owner of ownersOf(instance)) {
    const prefix = typeof owner === 'function' ? 'static ' : '';
    for (const [name, value] of ownFields(owner)) visit(value, `${prefix}${name}`, 0);
  }
  return found;
}

/** The instance and its classes. */
function ownersOf(instance: object): object[] {
  const owners: object[] = [instance];
  for (
    let level = Object.getPrototypeOf(instance);
    level !== null && level !== Object.prototype;
    level = Object.getPrototypeOf(level)
  ) {
    const owner = (Object.getOwnPropertyDescriptor(level, 'constructor')?.value ?? null) as object | null;
    if (typeof owner === 'function') owners.push(owner);
  }
  return owners;
}

function ownFields(owner: object): (readonly [string, unknown])[] {
  const fields = dataProperties(owner);
  return mayHavePrivateFields(owner) ? [...fields, ...privateFields(owner)] : fields;
}

/** Properties without getters, because getters are code. */
function dataProperties(owner: object): (readonly [string, unknown])[] {
  return Reflect.ownKeys(owner).flatMap((key) => {
    const descriptor = Object.getOwnPropertyDescriptor(owner, key);
    return descriptor !== undefined && 'value' in descriptor ? [[String(key), descriptor.value as unknown] as const] : [];
  });
}

/** Most classes have no private fields and need not wait for the inspector. */
function mayHavePrivateFields(owner: object): boolean {
  const classes = typeof owner === 'function' ? [owner] : ownersOf(owner).slice(1);
  return classes.some((each) => /#[\p{ID_Start}$_]/u.test(Function.prototype.toString.call(each)));
}

/** It runs no code of users: no getters, iterators of subclasses, proxies, or texts of keys. That code may throw, although the class works. */
function entriesOf(value: object): readonly (readonly [string, unknown])[] {
  if (types.isProxy(value)) return [];
  if (Array.isArray(value)) {
    const places = Array.from({ length: Math.min(value.length, MAX_ENTRIES) }, (_, i) => i);
    return places.map((i) => [`[${i}]`, Object.getOwnPropertyDescriptor(value, i)?.value as unknown]);
  }
  if (types.isMap(value))
    return first(Map.prototype.entries.call(value)).map(([key, each]) => [`.get(${isObject(key) ? '…' : String(key)})`, each]);
  if (types.isSet(value)) return first(Set.prototype.values.call(value)).map((each, i) => [`[${i}]`, each]);
  const prototype = Object.getPrototypeOf(value) as unknown;
  const isPlain = prototype === null || Object.getPrototypeOf(prototype) === null;
  return isPlain
    ? dataProperties(value)
        .slice(0, MAX_ENTRIES)
        .map(([key, each]) => [`.${key}`, each])
    : [];
}

const isObject = (value: unknown): boolean => (typeof value === 'object' && value !== null) || typeof value === 'function';

function first<T>(items: Iterable<T>): T[] {
  const found: T[] = [];
  for (const item of items) if (found.push(item) >= MAX_ENTRIES) break;
  return found;
}
