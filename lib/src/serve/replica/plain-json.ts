/** Values that are deeper or have more objects than this get the slower check, which finds cycles and shared objects. */
const MAX_DEPTH = 200;
const MAX_OBJECTS = 2_000_000;

let left = 0;

/**
 * Whether `JSON.stringify` certainly writes the value as it is. If false, a closer look is necessary (`jsonForm`).
 * Nearly every answer is plain and passes this check, so it makes no list of keys and remembers nothing.
 */
export function isPlainJson(value: unknown): boolean {
  left = MAX_OBJECTS;
  return isPlain(value, 0);
}

function isPlain(value: unknown, depth: number): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true;
    case 'number':
      return Number.isFinite(value);
    case 'object':
      if (value === null) return true;
      left -= 1;
      if (depth > MAX_DEPTH || left < 0) return false;
      return Array.isArray(value) ? isPlainList(value, depth) : isPlainRecord(value as Record<string, unknown>, depth);
    default:
      return false;
  }
}

function isPlainList(list: readonly unknown[], depth: number): boolean {
  if (Object.getPrototypeOf(list) !== Array.prototype) return false;
  for (let i = 0; i < list.length; i += 1) {
    const item = list[i];
    // Most long lists contain numbers.
    if (typeof item === 'number' ? !Number.isFinite(item) : !isPlain(item, depth + 1)) return false;
  }
  return true;
}

function isPlainRecord(record: Readonly<Record<string, unknown>>, depth: number): boolean {
  const prototype: unknown = Object.getPrototypeOf(record);
  if (prototype !== Object.prototype && prototype !== null) return false;
  for (const key in record) {
    // The object may be a tensor.
    if (key === 'dims') return false;
    const item = record[key];
    // A property that is undefined is left out, as JavaScript programmers expect.
    if (typeof item !== 'string' && item !== undefined && !isPlain(item, depth + 1)) return false;
  }
  return true;
}
