/** The functions and namespaces that every realm has, each with its path: `Math.max`, `Float32Array`. */
let paths: Map<object, string> | undefined;

const isObject = (value: unknown): value is object =>
  (typeof value === 'object' && value !== null) || typeof value === 'function';

/** The path of a built-in; undefined for everything else. */
export function builtinPath(value: object): string | undefined {
  paths ??= collect();
  return paths.get(value);
}

export function builtinAt(path: string): unknown {
  return path.split('.').reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], globalThis);
}

/** The names that code can use without a declaration. They are read before a notebook can add its own. */
export const GLOBAL_NAMES: ReadonlySet<string> = new Set([
  ...Object.getOwnPropertyNames(globalThis),
  ...['require', 'module', 'exports', '__filename', '__dirname', 'undefined', 'NaN', 'Infinity', 'arguments'],
]);

function collect(): Map<object, string> {
  const found = new Map<object, string>();
  found.set(globalThis, 'globalThis');
  for (const [name, value] of ownFunctions(globalThis)) {
    // A notebook may add properties to globalThis; those are not built-ins.
    if (!GLOBAL_NAMES.has(name) || found.has(value)) continue;
    found.set(value, name);
    for (const [key, member] of ownFunctions(value))
      if (typeof member === 'function' && !found.has(member)) found.set(member, `${name}.${key}`);
  }
  return found;
}

// Accessors are not called: some load a module, some print a warning.
function* ownFunctions(holder: object): Generator<[string, object]> {
  for (const [key, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(holder))) {
    if (isObject(descriptor.value) && key !== 'prototype' && key !== 'constructor') yield [key, descriptor.value];
  }
}
