import { types } from 'node:util';
import { type ClassSchema, isBytes, isText, type JsonSchema, type ResultSchema, resolved } from '../class-schema.js';
import { JSON_TYPE, TypedAnswer, TypedStream } from '../typed-answer.js';

type Items = AsyncIterable<unknown> | Iterable<unknown>;

/**
 * Returns the value itself if JSON represents all of it, and otherwise a copy that JSON does.
 * @param asTexts whether a BigInt becomes its digits and bytes become base64
 * @param subject what the value is, for messages
 * @throws the error for a value that JSON cannot represent
 */
export type ToPlain = (value: unknown, asTexts: boolean, subject?: string) => unknown;

const TEXT_TYPE = 'text/plain; charset=utf-8';
const BYTES_TYPE = 'application/octet-stream';
const LINES_TYPE = 'application/x-ndjson';

/** Finds the values that JSON cannot represent, so that their schema gives another form. */
const NOT_JSON = /"x-javascript":"(bigint|Uint8Array|Uint8ClampedArray|Buffer|ArrayBuffer)"/;

/** Returns the function that converts a method's result into the answer, by the type of the result. */
export function encoderOf(result: ResultSchema, { defs }: ClassSchema, toPlain: ToPlain): (value: unknown) => unknown {
  const { form, schema } = result;
  if (form === 'any' || form === 'nothing') return (value) => value;
  if (form === 'bytes') return (value) => (value instanceof Uint8ClampedArray ? new Uint8Array(value) : value);
  if (form === 'stream' && schema !== undefined && isBytes(resolved(schema, defs)))
    return (value) => new TypedStream(each(value as Items, bytesOf), BYTES_TYPE);
  const hasTexts = writesTexts(result, defs);
  if (form === 'stream') {
    const type = schema !== undefined && isText(schema, defs) ? TEXT_TYPE : LINES_TYPE;
    return (value) => new TypedStream(hasTexts ? each(value as Items, toPlain) : (value as Items), type);
  }
  return (value) => {
    const plain = hasTexts && value !== undefined ? toPlain(value, true) : value;
    // If `fetch` returns a text, the text itself is the answer. The text of a typed method is sent as JSON, as its schema says.
    return typeof plain === 'string' ? new TypedAnswer(200, JSON_TYPE, Buffer.from(JSON.stringify(plain))) : plain;
  };
}

async function* each(items: Items, toPlain: ToPlain): AsyncGenerator<unknown> {
  for await (const item of items) yield toPlain(item, true, 'an item');
}

const bytesOf = (value: unknown): unknown => {
  if (value instanceof Uint8ClampedArray) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  return types.isAnyArrayBuffer(value) ? new Uint8Array(value) : value;
};

/** True if a part of the result is a BigInt or bytes, whose schema is a text. */
export function writesTexts({ schema }: ResultSchema, defs: ClassSchema['defs']): boolean {
  if (schema === undefined) return false;
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
