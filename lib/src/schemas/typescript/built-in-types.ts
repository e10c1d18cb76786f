import { JAVASCRIPT, type JsonSchema } from '../class-schema.js';

/** The JSON form of a class of JavaScript or of the web. If there is none, `refused` says why, and `remedy` says what to write instead. */
type BuiltIn = { readonly schema: JsonSchema } | { readonly refused: string; readonly remedy: string };

/** An array of numbers. Integers have limits, because the array would change a number that is out of range. */
const numbers = (name: string, items: JsonSchema): BuiltIn => ({ schema: { type: 'array', items, [JAVASCRIPT]: name } });
const integers = (name: string, minimum: number, maximum: number): BuiltIn =>
  numbers(name, { type: 'integer', minimum, maximum });
/** The largest finite single-precision number. https://en.wikipedia.org/wiki/IEEE_754 */
const FLOAT32_MAX = (2 - 2 ** -23) * 2 ** 127;
const bytes = (name: string): BuiltIn => ({ schema: { type: 'string', contentEncoding: 'base64', [JAVASCRIPT]: name } });
const file = (name: string): BuiltIn => ({
  schema: { type: 'string', format: 'binary', contentMediaType: 'application/octet-stream', [JAVASCRIPT]: name },
});
const notJson = (remedy: string): BuiltIn => ({ refused: 'has no JSON form', remedy });

const BUILT_IN: Readonly<Record<string, BuiltIn>> = {
  Date: { schema: { type: 'string', format: 'date-time', [JAVASCRIPT]: 'Date' } },
  URL: { schema: { type: 'string', format: 'uri', [JAVASCRIPT]: 'URL' } },
  Uint8Array: bytes('Uint8Array'),
  Uint8ClampedArray: bytes('Uint8ClampedArray'),
  Buffer: bytes('Buffer'),
  ArrayBuffer: bytes('ArrayBuffer'),
  Int8Array: integers('Int8Array', -(2 ** 7), 2 ** 7 - 1),
  Int16Array: integers('Int16Array', -(2 ** 15), 2 ** 15 - 1),
  Uint16Array: integers('Uint16Array', 0, 2 ** 16 - 1),
  Int32Array: integers('Int32Array', -(2 ** 31), 2 ** 31 - 1),
  Uint32Array: integers('Uint32Array', 0, 2 ** 32 - 1),
  Float32Array: numbers('Float32Array', { type: 'number', minimum: -FLOAT32_MAX, maximum: FLOAT32_MAX }),
  Float64Array: numbers('Float64Array', { type: 'number' }),
  File: file('File'),
  Blob: file('Blob'),
  String: { schema: { type: 'string' } },
  Number: { schema: { type: 'number' } },
  Boolean: { schema: { type: 'boolean' } },
  Map: notJson('write Record<string, …>'),
  Set: notJson('write an array'),
  WeakMap: notJson('leave it out'),
  WeakSet: notJson('leave it out'),
  Promise: notJson('await it first'),
  RegExp: notJson('write string, with @format or @pattern where it is checked'),
  Error: notJson('write an object with its message'),
  Function: notJson('leave it out'),
  Symbol: notJson('leave it out'),
  BigInt64Array: notJson('write bigint[]'),
  BigUint64Array: notJson('write bigint[]'),
  DataView: notJson('write Uint8Array'),
  SharedArrayBuffer: notJson('write Uint8Array'),
  FormData: notJson('write an object type: a property of type File makes the body a multipart form'),
  Headers: notJson('take a Request as the last parameter and read its headers'),
  URLSearchParams: notJson('take the parameters by name, in an object type'),
  Request: notJson('take the Request as the last parameter'),
  Response: notJson('let the method return the Response itself'),
  ReadableStream: notJson('let the method return the stream itself'),
};

/** @returns undefined if the class is not known */
export const builtIn = (name: string): BuiltIn | undefined => (Object.hasOwn(BUILT_IN, name) ? BUILT_IN[name] : undefined);

/** True if the file is part of JavaScript's library, the web's library, or Node's types. */
export const isLibraryFile = (path: string): boolean => /(^|\/)lib\.[\w.]+\.d\.ts$|\/@types\/node\/|\/undici-types\//.test(path);
