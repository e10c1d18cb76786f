import { types } from 'node:util';

/**
 * Small values that JSON can represent are sent as JSON. That is several times faster than structured clone, whose serializer costs about 3 µs to set
 * up.
 * It is done only if the reader gets exactly what structured clone would give.
 */
const MAX_OBJECTS = 16;
const MAX_KEYS = 64;
/** Longer strings are faster as raw bytes. */
const MAX_STRING = 4096;

/** Whether JSON represents the value exactly: it has no undefined, NaN, -0, holes or shared references, and nothing but plain objects and arrays. */
export function isSmallJson(value: unknown): boolean {
  return smallJson(value, null);
}

function smallJson(value: unknown, seen: object[] | null): boolean {
  if (typeof value === 'string') return value.length <= MAX_STRING;
  if (typeof value === 'number') return Number.isFinite(value) && !Object.is(value, -0);
  if (typeof value === 'boolean' || value === null) return true;
  return typeof value === 'object' && smallObject(value, seen ?? []);
}

function smallObject(value: object, seen: object[]): boolean {
  if (seen.length >= MAX_OBJECTS || seen.includes(value)) return false;
  seen.push(value);
  const prototype: unknown = Object.getPrototypeOf(value);
  if ((prototype !== Object.prototype && prototype !== Array.prototype) || types.isProxy(value)) return false;
  const keys = Object.keys(value);
  if (keys.length > MAX_KEYS || (Array.isArray(value) && !isDense(value, keys))) return false;
  for (const key of keys) if (!smallJson((value as Record<string, unknown>)[key], seen)) return false;
  return true;
}

/** JSON cannot represent holes, or properties of an array besides its items. Index keys come first, so the last key is enough to check. */
function isDense(array: readonly unknown[], keys: readonly string[]): boolean {
  return keys.length === array.length && (array.length === 0 || keys[keys.length - 1] === String(array.length - 1));
}
