import { NoJsonForm, NotAwaited } from './errors.js';
import { findPromise } from './not-awaited.js';

/** An answer that is complete. */
export interface WholeAnswer {
  readonly status: number;
  /** `null` for an answer without a body. */
  readonly type: string | null;
  readonly bytes: Uint8Array | null;
}

export const TEXT = 'text/plain; charset=utf-8';
export const BYTES = 'application/octet-stream';
export const JSON_TYPE = 'application/json';
export const JSON_LINES = 'application/x-ndjson';
export const EVENT_STREAM = 'text/event-stream';

const NO_CONTENT: WholeAnswer = { status: 204, type: null, bytes: null };

/**
 * The answer that a returned value stands for: text, bytes or JSON; `undefined` is 204. `null` (the result) where the value is none of these:
 * a Response, a stream, a generator or an object of a class.
 * @throws NBS_NO_JSON_FORM
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

/** @throws NBS_NO_JSON_FORM */
export function jsonAnswer(value: unknown, deployment: string): WholeAnswer {
  return { status: 200, type: JSON_TYPE, bytes: Buffer.from(toJson(value, deployment)) };
}

/** @throws NBS_NO_JSON_FORM, NBS_NOT_AWAITED */
export function toJson(value: unknown, deployment: string): string {
  let text: string | undefined;
  let reason = '';
  try {
    // JSON.stringify would say `{}`.
    if (!(value instanceof Map) && !(value instanceof Set)) text = JSON.stringify(value);
  } catch (error) {
    reason = ` (${(error as Error).message.split('\n', 1)[0]})`;
  }
  if (text === undefined) throw NoJsonForm({ deployment, what: kindOf(value), reason });
  const promise = findPromise(value, text);
  if (promise !== null) throw NotAwaited({ deployment, where: promise === '' ? 'an item' : promise });
  return text;
}

/** How the items of a generator are written, by the first of them and by what the client asked for. */
export function itemEncoder(
  first: unknown,
  accepts: string,
  deployment: string,
): { type: string; encode: (item: unknown) => Uint8Array } {
  if (accepts.includes(EVENT_STREAM)) return { type: EVENT_STREAM, encode: (item) => Buffer.from(eventOf(item, deployment)) };
  if (first instanceof Uint8Array) return { type: BYTES, encode: (item) => bytesOf(item, deployment) };
  if (typeof first === 'string') return { type: TEXT, encode: (item) => bytesOf(item, deployment) };
  return { type: JSON_LINES, encode: (item) => Buffer.from(`${toJson(item, deployment)}\n`) };
}

/** One event of a stream: https://html.spec.whatwg.org/multipage/server-sent-events.html */
function eventOf(item: unknown, deployment: string): string {
  const text = typeof item === 'string' ? item : toJson(item, deployment);
  return `${text
    .split(/\r\n|\r|\n/)
    .map((line) => `data: ${line}`)
    .join('\n')}\n\n`;
}

function bytesOf(item: unknown, deployment: string): Uint8Array {
  if (typeof item === 'string') return Buffer.from(item);
  return item instanceof Uint8Array ? item : Buffer.from(toJson(item, deployment));
}

function isPlain(value: object): boolean {
  if (Array.isArray(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return (prototype === Object.prototype || prototype === null) && !(Symbol.asyncIterator in value);
}

function kindOf(value: unknown): string {
  if (typeof value === 'function') return `the function ${value.name || '(anonymous)'}`;
  if (typeof value !== 'object' || value === null) return `a ${typeof value}`;
  const name = (value.constructor as { name?: string } | undefined)?.name ?? 'object';
  return name === 'Object' || name === 'Array' ? `an ${name.toLowerCase()}` : `a ${name}`;
}
