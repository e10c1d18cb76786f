import { inspect, types } from 'node:util';
import { beginningOf } from 'nbserve/basics';
import { isError } from '../display/index.js';
import { type ErrorLike, isSuppressed, nameOf } from './error-like.js';

/** Codes of nbserve and of Node, whose messages say what their errors have in fields. */
const TOLD = /^(?:NBS_|ERR_|E[A-Z]+$|MODULE_NOT_FOUND$)/;
/** Names of fields whose values may be secrets. What an error shows is saved with the notebook. */
const SECRET = /pass|secret|token|key|auth|cookie|credential/i;
const IDENTIFIER = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u;

/** How long the text of all fields may be. Errors of HTTP clients hold whole requests. */
const MAX_FIELDS_TEXT = 500;
const MAX_TEXT = 200;
const MAX_FIELDS = 20;
const MAX_ITEMS = 10;
/** An object with more keys is a table, such as a vocabulary, of which the first fields say nothing. */
const MAX_KEYS = 50;

/**
 * The fields that an error has besides those that are shown anyway: `{ status: 404 }`. Objects in them are shown with their own fields if the text stays short.
 * It never throws, and calls no getter of a field.
 */
export function fieldsOf(error: ErrorLike): string | undefined {
  try {
    const { code } = error;
    if (typeof code === 'string' && TOLD.test(code)) return undefined;
    const shown = ['name', 'message', 'stack', 'cause'];
    if (typeof code === 'string') shown.push('code');
    if (error instanceof AggregateError) shown.push('errors');
    if (isSuppressed(error)) shown.push('error', 'suppressed');
    const whole = fieldsText(error, 1, shown);
    if (whole === '{}') return undefined;
    return whole.length <= MAX_FIELDS_TEXT ? whole : cut(fieldsText(error, 0, shown), MAX_FIELDS_TEXT);
  } catch {
    // The error is a proxy, or what it holds has been tampered with.
    return undefined;
  }
}

/** @param depth how many levels of objects inside are shown with their fields */
function fieldsText(object: object, depth: number, without: readonly string[] = []): string {
  const fields: string[] = [];
  for (const name of Object.keys(object)) {
    const field = without.includes(name) ? undefined : Object.getOwnPropertyDescriptor(object, name);
    if (field === undefined || typeof field.value === 'function') continue;
    if (fields.length === MAX_FIELDS) {
      fields.push('…');
      break;
    }
    const value = field.get === undefined ? fieldText(name, field.value, depth) : '[Getter]';
    fields.push(`${IDENTIFIER.test(name) ? name : inspect(name)}: ${value}`);
  }
  return fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`;
}

/** A number under the name of a secret is none: `maxTokens: 512`. */
const fieldText = (name: string, value: unknown, depth: number): string =>
  SECRET.test(name) && (typeof value === 'string' || (typeof value === 'object' && value !== null))
    ? '[hidden]'
    : valueText(value, depth);

function valueText(value: unknown, depth: number): string {
  if (typeof value === 'function') return '[Function]';
  if (typeof value !== 'object' || value === null)
    return inspect(value, { maxStringLength: MAX_TEXT, breakLength: Number.POSITIVE_INFINITY });
  if (types.isProxy(value)) return '[Object]';
  if (isError(value)) return `[${nameOf(value)}: ${cut(String(value.message), MAX_TEXT).replace(/\s*\n\s*/g, ' ')}]`;
  if (Array.isArray(value)) {
    if (depth === 0) return '[Array]';
    const items = Array.from(value.slice(0, MAX_ITEMS), (item) => valueText(item, depth - 1));
    if (value.length > MAX_ITEMS) items.push(`… ${value.length - MAX_ITEMS} more`);
    return items.length === 0 ? '[]' : `[ ${items.join(', ')} ]`;
  }
  if (types.isDate(value)) return Number.isNaN(Number(value)) ? 'Invalid Date' : value.toISOString();
  const prototype = Object.getPrototypeOf(value) as object | null;
  if (prototype === null || Object.getPrototypeOf(prototype) === null)
    return depth === 0 || Object.keys(value).length > MAX_KEYS ? '[Object]' : fieldsText(value, depth - 1);
  return `[${prototype.constructor?.name || 'Object'}]`;
}

const cut = (text: string, length: number): string => (text.length <= length ? text : `${beginningOf(text, length)}…`);
