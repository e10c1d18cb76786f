import { types } from 'node:util';
import { type ClassSchema, isBytes, type JsonSchema, type ResultSchema, resolved } from '../class-schema.js';
import { JSON_TYPE, TypedAnswer, TypedStream } from '../typed-answer.js';

type Items = AsyncIterable<unknown> | Iterable<unknown>;

const TEXT_TYPE = 'text/plain; charset=utf-8';
const BYTES_TYPE = 'application/octet-stream';
const LINES_TYPE = 'application/x-ndjson';

/** Finds the values that JSON cannot represent, so that their schema gives another form. */
const NOT_JSON = /"x-javascript":"(bigint|Uint8Array|Uint8ClampedArray|Buffer|ArrayBuffer)"/;

/** Returns the function that converts a method's result into the answer, by the type of the result. */
export function encoderOf({ form, schema }: ResultSchema, { defs }: ClassSchema): (value: unknown) => unknown {
  if (form === 'any' || form === 'nothing') return (value) => value;
  if (form === 'bytes') return (value) => (value instanceof Uint8ClampedArray ? new Uint8Array(value) : value);
  if (form === 'stream' && schema !== undefined && isBytes(resolved(schema, defs)))
    return (value) => new TypedStream(each(value as Items, bytesOf), BYTES_TYPE);
  const encode = schema !== undefined && reaches(schema, defs) ? encoded : null;
  if (form === 'stream') {
    const type = schema?.type === 'string' ? TEXT_TYPE : LINES_TYPE;
    return (value) => new TypedStream(encode === null ? (value as Items) : each(value as Items, encode), type);
  }
  return (value) => {
    // If `fetch` returns a text, the text itself is the answer. The text of a typed method is sent as JSON, as its schema says.
    if (typeof value === 'string') return new TypedAnswer(200, JSON_TYPE, Buffer.from(JSON.stringify(value)));
    return encode === null ? value : encode(value);
  };
}

async function* each(items: Items, encode: (value: unknown) => unknown): AsyncGenerator<unknown> {
  for await (const item of items) yield encode(item);
}

const bytesOf = (value: unknown): unknown => {
  if (value instanceof Uint8ClampedArray) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  return types.isAnyArrayBuffer(value) ? new Uint8Array(value) : value;
};

/** Copies a value. If the schema of a part says text, but the part is no text, the copy has its text form. */
function encoded(value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Uint8Array || value instanceof Uint8ClampedArray)
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
  if (types.isAnyArrayBuffer(value)) return Buffer.from(value as ArrayBuffer).toString('base64');
  if (Array.isArray(value)) return value.map(encoded);
  if (ArrayBuffer.isView(value) || typeof (value as { toJSON?: unknown }).toJSON === 'function') return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, encoded(item)]));
}

function reaches(schema: JsonSchema, defs: ClassSchema['defs']): boolean {
  const seen = new Set<string>();
  const look = (one: JsonSchema): boolean => {
    const text = JSON.stringify(one);
    if (NOT_JSON.test(text)) return true;
    const names = [...text.matchAll(/"#\/\$defs\/([^"]+)"/g)].map(([, name]) => name as string).filter((name) => !seen.has(name));
    for (const name of names) seen.add(name);
    return names.some((name) => look(defs[name] ?? {}));
  };
  return look(schema);
}
