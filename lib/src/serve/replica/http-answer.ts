import { toJson } from './json-text.js';

/** An answer that is complete. */
export interface WholeAnswer {
  readonly status: number;
  /** `null` for an answer without a body. */
  readonly type: string | null;
  readonly bytes: Uint8Array | null;
  /** Others than those of the body: name, value, name, value, … */
  readonly headers?: readonly string[];
}

export const TEXT = 'text/plain; charset=utf-8';
const BYTES = 'application/octet-stream';
const JSON_TYPE = 'application/json';
const JSON_LINES = 'application/x-ndjson';
export const EVENT_STREAM = 'text/event-stream';

/** For messages. */
const ITEM = 'an item';
const NO_CONTENT: WholeAnswer = { status: 204, type: null, bytes: null };

/**
 * The answer for a returned value: text, bytes or JSON; `undefined` means status 204. The result is `null` if the value is none of these: a Response,
 * a stream, a generator or an object of a class.
 * @throws NBS_NO_JSON_FORM, NBS_NOT_AWAITED
 */
export function wholeAnswer(value: unknown, deployment: string): WholeAnswer | null {
  switch (typeof value) {
    case 'string':
      return { status: 200, type: TEXT, bytes: Buffer.from(value) };
    case 'undefined':
      return NO_CONTENT;
    case 'object':
      if (value === null || isPlain(value)) return jsonAnswer(value, deployment);
      if (ArrayBuffer.isView(value) && (value instanceof Uint8Array || value instanceof DataView)) {
        return { status: 200, type: BYTES, bytes: new Uint8Array(value.buffer, value.byteOffset, value.byteLength) };
      }
      return value instanceof ArrayBuffer ? { status: 200, type: BYTES, bytes: new Uint8Array(value) } : null;
    default:
      return jsonAnswer(value, deployment);
  }
}

/** @throws NBS_NO_JSON_FORM, NBS_NOT_AWAITED */
export function jsonAnswer(value: unknown, deployment: string): WholeAnswer {
  return { status: 200, type: JSON_TYPE, bytes: Buffer.from(toJson(value, deployment)) };
}

/** Chooses the format in which the items of a generator are written, by the first item and by what the client accepts. */
export function itemEncoder(
  first: unknown,
  accepts: string,
  deployment: string,
): { type: string; encode: (item: unknown) => Uint8Array } {
  if (accepts.includes(EVENT_STREAM)) return { type: EVENT_STREAM, encode: (item) => Buffer.from(eventOf(item, deployment)) };
  if (first instanceof Uint8Array) return { type: BYTES, encode: (item) => bytesOf(item, deployment) };
  if (typeof first === 'string') return { type: TEXT, encode: (item) => bytesOf(item, deployment) };
  return { type: JSON_LINES, encode: (item) => Buffer.from(`${toJson(item, deployment, ITEM)}\n`) };
}

/** One event of a stream: https://html.spec.whatwg.org/multipage/server-sent-events.html */
function eventOf(item: unknown, deployment: string): string {
  const text = typeof item === 'string' ? item : toJson(item, deployment, ITEM);
  return `${text
    .split(/\r\n|\r|\n/)
    .map((line) => `data: ${line}`)
    .join('\n')}\n\n`;
}

function bytesOf(item: unknown, deployment: string): Uint8Array {
  if (typeof item === 'string') return Buffer.from(item);
  return item instanceof Uint8Array ? item : Buffer.from(toJson(item, deployment, ITEM));
}

function isPlain(value: object): boolean {
  if (Array.isArray(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return (prototype === Object.prototype || prototype === null) && !(Symbol.asyncIterator in value);
}
