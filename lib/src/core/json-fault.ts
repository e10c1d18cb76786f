/** A part of a value that JSON would change or lose. */
export interface JsonFault {
  /** Its place, e.g. `state.best`. */
  readonly path: string;
  /** What it is, for a message. */
  readonly value: string;
}

export interface JsonFaultOptions {
  /** Accepts members of objects that are undefined: JSON leaves them out, which reads the same. @default false */
  readonly allowsUndefined?: boolean;
}

const NAME = /^[\p{L}_$][\p{L}\p{N}_$]*$/u;

/** Returns the first part of a value that is not the same after a conversion to JSON and back, or null. @param path what messages call the value */
export function jsonFault(value: unknown, path: string, { allowsUndefined = false }: JsonFaultOptions = {}): JsonFault | null {
  try {
    return faultIn(value, path, allowsUndefined, new Set());
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { path, value: 'nested too deep' };
  }
}

/** @param holders the objects that contain the value */
function faultIn(value: unknown, path: string, allowsUndefined: boolean, holders: Set<object>): JsonFault | null {
  if (value === null || typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value)) return null;
  if (typeof value !== 'object') return { path, value: shown(value) };
  if (holders.has(value)) return { path, value: 'an object that contains itself' };
  const prototype: unknown = Object.getPrototypeOf(value);
  const isList = Array.isArray(value);
  if (!isList && prototype !== null && Object.getPrototypeOf(prototype) !== null)
    return { path, value: `of type ${value.constructor?.name ?? 'object'}` };
  holders.add(value);
  // Unlike `Object.entries`, `entries` of a list has its empty places too.
  for (const [name, each] of isList ? value.entries() : Object.entries(value)) {
    if (each === undefined && allowsUndefined && !isList) continue;
    const inner = typeof name === 'string' && NAME.test(name) ? `${path}.${name}` : `${path}[${JSON.stringify(name)}]`;
    const fault = faultIn(each, inner, allowsUndefined, holders);
    if (fault !== null) return fault;
  }
  holders.delete(value);
  return null;
}

function shown(value: unknown): string {
  if (typeof value === 'bigint') return `${value}n`;
  return typeof value === 'number' || value === undefined ? String(value) : `a ${typeof value}`;
}
