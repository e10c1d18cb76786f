import { chartType, withShownCharts } from './chart.js';
import { asJson } from './json.js';
import { tableOf } from './table.js';
import { textOf } from './text.js';

/** A value's representations by MIME type. Pictures are base64. */
export interface MimeBundle {
  data: Record<string, unknown>;
  metadata: Record<string, unknown>;
}

/** Deno's convention: a method that returns a bundle's data. */
const DISPLAY = Symbol.for('Jupyter.display');

/** The representations of a value. It is a promise only if the object's own method returns one. All of them are JSON. An object has its own representations if it has `[Symbol.for('Jupyter.display')]()` or `toHtml()`. @param colors whether the text has the escape codes of terminals @throws NBS_NOT_JSON if the object's own method returns anything else */
export function bundleOf(
  value: unknown,
  { colors = false }: { readonly colors?: boolean } = {},
): MimeBundle | Promise<MimeBundle> {
  const bundle = anyBundleOf(value, textOf(value, colors));
  return isPromise(bundle) ? bundle.then(withShownCharts) : withShownCharts(bundle);
}

function anyBundleOf(value: unknown, text: string): MimeBundle | Promise<MimeBundle> {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null)
    return { data: { 'text/plain': text }, metadata: {} };
  const own = method(value, DISPLAY);
  const data: unknown = own?.();
  if (isPromise(data)) return data.then((found) => ownBundle(found, text) ?? bundleByKind(value, text));
  return ownBundle(data, text) ?? bundleByKind(value, text);
}

/** The bundle from the result of an object's own method. */
function ownBundle(data: unknown, text: string): MimeBundle | undefined {
  if (typeof data !== 'object' || data === null) return undefined;
  const shown = Object.entries(data).map(([type, content]) => [type, asJson(content, `the ${type} of an object`)] as const);
  return { data: shown.length === 0 ? { 'text/plain': text } : Object.fromEntries(shown), metadata: {} };
}

function bundleByKind(value: object, text: string): MimeBundle | Promise<MimeBundle> {
  const plain = (more: Record<string, unknown>): MimeBundle => ({ data: { 'text/plain': text, ...more }, metadata: {} });
  const toHtml = method(value, 'toHtml');
  if (toHtml !== undefined) {
    const html = toHtml();
    return isPromise(html) ? html.then((found) => plain({ 'text/html': String(found) })) : plain({ 'text/html': String(html) });
  }
  try {
    return plain(formsOf(value));
  } catch {
    // A getter failed, or the trap of a proxy. The text calls neither.
    return plain({});
  }
}

/** What besides a text shows a value of this kind. */
function formsOf(value: object): Record<string, unknown> {
  if (value instanceof Uint8Array) {
    const type = imageType(value);
    return type === undefined ? {} : { 'text/plain': `<${type}, ${value.length} bytes>`, [type]: base64(value) };
  }
  const chart = chartType(value);
  // If it is no JSON, its text is enough: the person has not said that it is a chart.
  if (chart !== undefined) return { [chart]: asJson(value, 'a chart') };
  const table = Array.isArray(value) ? tableOf(value) : undefined;
  return table === undefined ? {} : { 'text/html': table };
}

export function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

function isPromise(value: unknown): value is Promise<unknown> {
  return value instanceof Promise;
}

/** A method that the object has. A proxy that answers every name with a function, such as a client of remote calls, has none of them. */
function method(value: object, name: PropertyKey): (() => unknown) | undefined {
  try {
    const found = name in value ? (value as Record<PropertyKey, unknown>)[name] : undefined;
    return typeof found === 'function' ? () => (found as () => unknown).call(value) : undefined;
  } catch {
    return undefined;
  }
}

/** The MIME type of a picture, by its first bytes; undefined if the bytes are not a picture. */
export function imageType(bytes: Uint8Array): 'image/png' | 'image/jpeg' | 'image/gif' | 'image/webp' | undefined {
  const starts = (...signature: number[]): boolean => signature.every((byte, i) => bytes[i] === byte);
  if (starts(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)) return 'image/png';
  if (starts(0xff, 0xd8, 0xff)) return 'image/jpeg';
  if (starts(0x47, 0x49, 0x46, 0x38)) return 'image/gif';
  if (starts(0x52, 0x49, 0x46, 0x46) && bytes[8] === 0x57 && bytes[9] === 0x45 && bytes[10] === 0x42 && bytes[11] === 0x50)
    return 'image/webp';
  return undefined;
}
