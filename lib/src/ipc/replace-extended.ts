import { EventEmitter } from 'node:events';
import { types } from 'node:util';
import { isNbserveError, registeredExtensions, toWireError, type ValueExtension } from '../core/index.js';
import { CannotClone } from './errors.js';

/** Marks an extended value inside the copy of the object that contains it. It is a view because the serializer calls us only for views. */
export class Extended extends Uint8Array {
  readonly extension: string;
  wire: unknown;

  constructor(extension: string) {
    super(0);
    this.extension = extension;
  }
}

/** The path to a part of a value, as a linked list. It becomes text only if there is an error. */
interface ValuePath {
  readonly parent: ValuePath | null;
  readonly step: string;
}

/**
 * Copies the value and replaces errors and extended values by {@link Extended}. Cycles and shared references are kept.
 * @throws NBS_CANNOT_CLONE
 */
export function replaceExtended(value: unknown, root: string, extensions: readonly ValueExtension[]): unknown {
  return new Replacer(extensions).replace(value, { parent: null, step: root });
}

class Replacer {
  readonly #extensions: readonly ValueExtension[];
  readonly #seen = new Map<object, unknown>();

  constructor(extensions: readonly ValueExtension[]) {
    this.#extensions = [...extensions, ...registeredExtensions().values()];
  }

  replace(value: unknown, place: ValuePath): unknown {
    if (typeof value === 'symbol') throw refuse(place, 'a symbol');
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return value;
    const seen = this.#seen.get(value);
    if (seen !== undefined) return seen;
    const extension = this.#extensions.find((each) => each.test(value));
    if (extension !== undefined) return this.#extend(value, extension.name, () => extension.encode(value), place);
    if (typeof value === 'function') throw refuse(place, `the function ${value.name || '(anonymous)'}`);
    if (types.isProxy(value)) throw refuse(place, 'a Proxy');
    if (types.isNativeError(value) || value instanceof Error)
      return this.#extend(value, 'error', () => toWireError(value), place);
    return this.#copy(value, place);
  }

  #extend(value: object, name: string, encode: () => unknown, place: ValuePath): Extended {
    const extended = new Extended(name);
    this.#seen.set(value, extended);
    extended.wire = this.replace(encode(), place);
    return extended;
  }

  #copy(value: object, place: ValuePath): unknown {
    if (Array.isArray(value)) return this.#copyArray(value, place);
    if (types.isMap(value)) return this.#copyMap(value, place);
    if (types.isSet(value)) return this.#copySet(value, place);
    if (
      types.isDate(value) ||
      types.isRegExp(value) ||
      types.isArrayBuffer(value) ||
      ArrayBuffer.isView(value) ||
      types.isBoxedPrimitive(value)
    ) {
      return value;
    }
    const fault = unsendable(value);
    if (fault !== null) throw refuse(place, article(nameOf(value)), fault);
    const copy: Record<string, unknown> = {};
    this.#seen.set(value, copy);
    for (const key of Object.keys(value)) {
      const item = this.replace((value as Record<string, unknown>)[key], { parent: place, step: memberStep(key) });
      Object.defineProperty(copy, key, { value: item, enumerable: true, configurable: true, writable: true });
    }
    return copy;
  }

  #copyArray(value: readonly unknown[], place: ValuePath): unknown[] {
    const copy: unknown[] = new Array(value.length);
    this.#seen.set(value, copy);
    for (let i = 0; i < value.length; i += 1) {
      // A hole in an array stays a hole.
      if (i in value) copy[i] = this.replace(value[i], { parent: place, step: `[${i}]` });
    }
    return copy;
  }

  #copyMap(value: ReadonlyMap<unknown, unknown>, place: ValuePath): Map<unknown, unknown> {
    const copy = new Map<unknown, unknown>();
    this.#seen.set(value, copy);
    for (const [key, item] of value) {
      const step =
        typeof key === 'object' || typeof key === 'function'
          ? `.get(#${copy.size})`
          : `.get(${typeof key === 'string' ? JSON.stringify(key) : String(key)})`;
      const copiedKey = this.replace(key, { parent: place, step: `.keys()[${copy.size}]` });
      copy.set(copiedKey, this.replace(item, { parent: place, step }));
    }
    return copy;
  }

  #copySet(value: ReadonlySet<unknown>, place: ValuePath): Set<unknown> {
    const copy = new Set<unknown>();
    this.#seen.set(value, copy);
    for (const item of value) copy.add(this.replace(item, { parent: place, step: `.values()[${copy.size}]` }));
    return copy;
  }
}

/** Classes whose instances would silently arrive without content, and what to send instead. */
const UNSENDABLE: readonly (readonly [name: string, advice: string])[] = [
  ['Request', 'send its url, headers and body'],
  ['Response', 'send its status, headers and body'],
  ['Headers', 'send Object.fromEntries(headers)'],
  ['URL', 'send url.href'],
  ['URLSearchParams', 'send params.toString()'],
  ['FormData', 'send Object.fromEntries(form)'],
  ['Blob', 'send await blob.arrayBuffer()'],
  ['ReadableStream', 'return an async generator'],
  ['WritableStream', ''],
  ['TransformStream', ''],
  ['EventTarget', ''],
  ['WeakRef', ''],
];

/** Advice (may be empty) if the object cannot be sent; null if it can. */
function unsendable(value: object): string | null {
  if (types.isPromise(value)) return 'await it first';
  if (types.isGeneratorObject(value)) return 'send an array';
  if (types.isWeakMap(value) || types.isWeakSet(value) || types.isExternal(value) || types.isSharedArrayBuffer(value)) return '';
  if (types.isKeyObject(value) || types.isCryptoKey(value) || types.isModuleNamespaceObject(value)) return '';
  if (value instanceof EventEmitter) return 'create it in the constructor of the deployment';
  for (const [name, advice] of UNSENDABLE) {
    const known = (globalThis as Record<string, unknown>)[name];
    if (typeof known === 'function' && value instanceof known) return advice;
  }
  return null;
}

function refuse(place: ValuePath, what: string, advice = ''): Error {
  return CannotClone({ path: spell(place), what, hint: advice === '' ? '' : `; ${advice}` });
}

function spell(place: ValuePath): string {
  let path = '';
  for (let at: ValuePath | null = place; at !== null; at = at.parent) path = at.step + path;
  return path;
}

function memberStep(key: string): string {
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}

function nameOf(value: object): string {
  if (isNbserveError(value)) return 'error';
  const name = (value as { constructor?: { name?: unknown } }).constructor?.name;
  return typeof name === 'string' && name !== '' ? name : 'object';
}

function article(name: string): string {
  return `${/^[aeio]/i.test(name) ? 'an' : 'a'} ${name}`;
}
