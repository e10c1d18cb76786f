import { inspect, types } from 'node:util';
import { imageType } from './image-type.js';

/** A value's representations: MIME type → content. Pictures are base64. */
export interface MimeBundle {
  data: Record<string, unknown>;
  metadata: Record<string, unknown>;
}

/** Deno's convention: a method that returns a bundle's data. */
const DISPLAY = Symbol.for('Jupyter.display');

const MAX_TEXT = 20_000;
const MAX_ROWS = 50;
const MAX_COLUMNS = 20;

/** The representations of a value; a promise only where the object itself gives one. An object says its own by `[Symbol.for('Jupyter.display')]()` or `toHtml()`. */
export function bundleOf(value: unknown): MimeBundle | Promise<MimeBundle> {
  const text = textOf(value);
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null)
    return { data: { 'text/plain': text }, metadata: {} };
  const own = method(value, DISPLAY);
  const data: unknown = own?.();
  if (isPromise(data)) return data.then((found) => ownBundle(found, text) ?? bundleByKind(value, text));
  return ownBundle(data, text) ?? bundleByKind(value, text);
}

/** What an object has said of itself. */
function ownBundle(data: unknown, text: string): MimeBundle | undefined {
  if (typeof data !== 'object' || data === null) return undefined;
  return { data: { ...(Object.keys(data).length === 0 ? { 'text/plain': text } : {}), ...data }, metadata: {} };
}

function bundleByKind(value: object, text: string): MimeBundle | Promise<MimeBundle> {
  const plain = (more: Record<string, unknown>): MimeBundle => ({ data: { 'text/plain': text, ...more }, metadata: {} });
  const toHtml = method(value, 'toHtml');
  if (toHtml !== undefined) {
    const html = toHtml();
    return isPromise(html) ? html.then((found) => plain({ 'text/html': String(found) })) : plain({ 'text/html': String(html) });
  }
  if (value instanceof Uint8Array) {
    const type = imageType(value);
    return type === undefined
      ? plain({})
      : { data: { 'text/plain': `<${type}, ${value.length} bytes>`, [type]: base64(value) }, metadata: {} };
  }
  const vega = vegaType(value);
  if (vega !== undefined) return plain({ [vega]: value });
  const table = Array.isArray(value) ? tableOf(value) : undefined;
  return table === undefined ? plain({}) : plain({ 'text/html': table });
}

/** `util.inspect`, within limits and never throwing. */
export function textOf(value: unknown): string {
  // Node shows our own bookkeeping on it; what its reader wants is its value.
  if (types.isPromise(value)) return 'Promise — await it for its value';
  let text: string;
  try {
    text =
      typeof value === 'object' && value instanceof Error
        ? (value.stack ?? String(value))
        : inspect(value, { depth: 4, maxArrayLength: 100, maxStringLength: 10_000, breakLength: 100 });
  } catch (error) {
    text = `[cannot be shown: ${String(error)}]`;
  }
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}… (${text.length - MAX_TEXT} more characters)` : text;
}

export function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

export function vegaType(value: object): string | undefined {
  const { $schema } = value as { $schema?: unknown };
  const found = typeof $schema === 'string' ? /\/schema\/(vega|vega-lite)\/v(\d+)/.exec($schema) : null;
  if (found === null) return undefined;
  return found[1] === 'vega' ? `application/vnd.vega.v${found[2]}+json` : `application/vnd.vegalite.v${found[2]}+json`;
}

/** A table where every element is an object of simple values and there are few names; else undefined. */
function tableOf(rows: readonly unknown[]): string | undefined {
  if (rows.length < 2) return undefined;
  const columns = new Set<string>();
  for (const row of rows.slice(0, MAX_ROWS)) {
    if (typeof row !== 'object' || row === null || ![Object.prototype, null].includes(Object.getPrototypeOf(row)))
      return undefined;
    for (const [name, value] of Object.entries(row)) {
      if (typeof value === 'object' && value !== null && !(value instanceof Date)) return undefined;
      columns.add(name);
    }
    if (columns.size > MAX_COLUMNS) return undefined;
  }
  if (columns.size === 0) return undefined;
  const names = [...columns];
  const cells = (row: unknown): string =>
    names.map((name) => `<td>${escaped((row as Record<string, unknown>)[name])}</td>`).join('');
  const body = rows.slice(0, MAX_ROWS).map((row, i) => `<tr><th>${i}</th>${cells(row)}</tr>`);
  const more = rows.length > MAX_ROWS ? `<p>${rows.length - MAX_ROWS} more rows</p>` : '';
  return `<table><thead><tr><th></th>${names.map((name) => `<th>${escaped(name)}</th>`).join('')}</tr></thead><tbody>${body.join('')}</tbody></table>${more}`;
}

function escaped(value: unknown): string {
  const text = value === undefined ? '' : value instanceof Date ? value.toISOString() : String(value);
  return text.replace(/[&<>]/g, (character) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[character] ?? character);
}

function isPromise(value: unknown): value is Promise<unknown> {
  return value instanceof Promise;
}

function method(value: object, name: PropertyKey): (() => unknown) | undefined {
  try {
    const found = (value as Record<PropertyKey, unknown>)[name];
    return typeof found === 'function' ? () => (found as () => unknown).call(value) : undefined;
  } catch {
    return undefined;
  }
}
