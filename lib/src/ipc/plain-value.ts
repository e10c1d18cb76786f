/** Prototypes of objects that structured clone copies as a whole. */
const LEAF_PROTOTYPES: ReadonlySet<unknown> = new Set(
  [Date, RegExp, ArrayBuffer, Number, String, Boolean].map((leaf) => leaf.prototype as unknown),
);
const MAX_DEPTH = 100;
/** Largest number of objects to look at. Without it, a value with many references to one object could take for ever. */
const MAX_OBJECTS = 100_000;

/**
 * Whether structured clone certainly copies the value as it is. If false, a closer look is necessary: the slower check, which knows paths, cycles and
 * extensions.
 */
export function isPlain(value: unknown): boolean {
  return plain(value, 0, { left: MAX_OBJECTS });
}

function plain(value: unknown, depth: number, budget: { left: number }): boolean {
  if (typeof value !== 'object') return typeof value !== 'function' && typeof value !== 'symbol';
  if (value === null) return true;
  budget.left -= 1;
  if (depth > MAX_DEPTH || budget.left < 0) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype) {
    for (const key in value) if (!plain((value as Record<string, unknown>)[key], depth + 1, budget)) return false;
    return true;
  }
  if (prototype === Array.prototype) {
    for (const item of value as unknown[]) if (!plain(item, depth + 1, budget)) return false;
    return true;
  }
  if (ArrayBuffer.isView(value) || LEAF_PROTOTYPES.has(prototype)) return true;
  if (prototype === Map.prototype) {
    for (const [key, item] of value as Map<unknown, unknown>) {
      if (!plain(key, depth + 1, budget) || !plain(item, depth + 1, budget)) return false;
    }
    return true;
  }
  if (prototype !== Set.prototype) return false;
  for (const item of value as Set<unknown>) if (!plain(item, depth + 1, budget)) return false;
  return true;
}
