import { types } from 'node:util';

/** Why a value cannot be written as JSON: what it is, and what to write instead. */
export interface JsonRefusal {
  readonly what: string;
  readonly remedy: string;
}

const LEAVE_OUT = 'leave it out';

/** The refusal for a primitive value that JSON cannot represent; otherwise `null`. For objects, see {@link refusedObject}. */
export function refusedPrimitive(value: unknown): JsonRefusal | null {
  switch (typeof value) {
    case 'number':
      return Number.isFinite(value) ? null : { what: String(value), remedy: 'write null or a text in its place' };
    case 'bigint':
      return { what: 'a BigInt', remedy: 'write Number(value), or String(value) to keep all digits' };
    case 'symbol':
      return { what: 'a symbol', remedy: 'write its description' };
    case 'function':
      return { what: `the function ${value.name || '(anonymous)'}`, remedy: 'call it and write what it gives, or leave it out' };
    case 'undefined':
      return { what: 'undefined', remedy: 'write null' };
    default:
      return null;
  }
}

/**
 * The refusal for an object that `JSON.stringify` would write as `{}` or without its contents; `null` for objects that are written by their
 * properties.
 */
export function refusedObject(value: object): JsonRefusal | null {
  if (types.isMap(value)) return { what: 'a Map', remedy: 'write Object.fromEntries(map)' };
  if (types.isSet(value)) return { what: 'a Set', remedy: 'write [...set]' };
  if (types.isNativeError(value) || value instanceof Error)
    return { what: article(nameOf(value)), remedy: 'throw it, or write its message' };
  if (types.isRegExp(value)) return { what: 'a RegExp', remedy: 'write String(value)' };
  if (types.isAnyArrayBuffer(value))
    return { what: article(nameOf(value)), remedy: 'write new Uint8Array(buffer), or a text in base64' };
  if (types.isDataView(value)) return { what: 'a DataView', remedy: 'write a typed array, or a text in base64' };
  if (types.isSymbolObject(value)) return { what: 'a symbol', remedy: 'write its description' };
  for (const [name, remedy] of CLASSES) {
    const known = (globalThis as Record<string, unknown>)[name];
    if (typeof known === 'function' && value instanceof known) return { what: article(name), remedy };
  }
  const { [Symbol.asyncIterator]: each, next } = value as { [Symbol.asyncIterator]?: unknown; next?: unknown };
  if (typeof each === 'function' || (typeof next === 'function' && Symbol.iterator in value)) {
    return { what: 'a generator or stream', remedy: 'return it by itself, or write a list of its items' };
  }
  return null;
}

/** The refusal for an object of a class whose contents are not in properties: it would become `{}`. */
export function refusedClass(value: object): JsonRefusal {
  return {
    what: `${article(nameOf(value))} without properties of its own`,
    remedy: 'give its class a method toJSON(), or write what it holds',
  };
}

/** Classes whose objects contain no properties, or none that a client could use. */
const CLASSES: readonly (readonly [name: string, remedy: string])[] = [
  ['Request', 'write its url, headers and body'],
  ['Response', 'return it by itself, or write its body'],
  ['Headers', 'write Object.fromEntries(headers)'],
  ['URLSearchParams', 'write Object.fromEntries(params)'],
  ['FormData', 'write Object.fromEntries(form)'],
  ['Blob', 'return it by itself, or write await blob.text()'],
  ['WeakMap', LEAVE_OUT],
  ['WeakSet', LEAVE_OUT],
  ['WeakRef', 'write what deref() gives'],
  ['EventTarget', LEAVE_OUT],
  ['WritableStream', LEAVE_OUT],
  ['TransformStream', LEAVE_OUT],
];

export function nameOf(value: object): string {
  const name = (value as { constructor?: { name?: unknown } }).constructor?.name;
  return typeof name === 'string' && name !== '' ? name : 'object';
}

const article = (name: string): string => `${/^[aeio]/i.test(name) ? 'an' : 'a'} ${name}`;
