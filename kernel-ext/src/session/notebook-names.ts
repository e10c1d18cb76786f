import type { NameKind } from './converter.js';

type Definition = readonly [kind: NameKind, get: () => unknown, set: ((value: unknown) => void) | null];
type Changed = (name: string, value: unknown) => void;

/** Whom to tell the last value of a variable, by its getter. */
const owners = new WeakMap<() => unknown, Changed>();

/**
 * The notebook's names: the object that cells know as `exports`. A variable stays in the cell that declared it; here is its getter and setter, so that
 * every cell sees one value. What cannot change becomes a plain property once the cell has ended.
 */
export class NotebookNames {
  /** Its prototype is the global object, because tslab takes `Array` for a name of an earlier cell after that cell has extended it by `declare global`. */
  readonly exports: Record<string, unknown> = Object.create(globalThis) as Record<string, unknown>;

  /** Makes a cell's names visible. Until the cell reaches a declaration, other cells' functions still see the value from before. */
  open(definitions: Readonly<Record<string, Definition>>, changed: Changed): OpenCell {
    const before = new Map<string, PropertyDescriptor | undefined>();
    const readers = new Map<string, () => unknown>();
    for (const [name, [kind, get, set]] of Object.entries(definitions)) {
      const previous = Object.getOwnPropertyDescriptor(this.exports, name);
      // From now on, other cells mean the new variable, but those of the older cell still use the old one.
      if (previous?.get !== undefined) owners.get(previous.get)?.(name, previous.get());
      // A name that a cell has not declared before may be a global.
      const shadowed = previous ?? Object.getOwnPropertyDescriptor(globalThis, name);
      const read = (): unknown => current(kind, get, shadowed);
      before.set(name, previous);
      readers.set(name, read);
      Object.defineProperty(this.exports, name, {
        configurable: true,
        enumerable: true,
        get: read,
        ...(set === null ? {} : { set: setter(set, name, changed) }),
      });
    }
    return new OpenCell(this.exports, definitions, before, readers, changed);
  }

  /** The names that have values. */
  values(): Map<string, unknown> {
    const values = new Map<string, unknown>();
    for (const name of Object.keys(this.exports)) {
      try {
        values.set(name, this.exports[name]);
      } catch {
        // Its declaration was not reached yet.
      }
    }
    return values;
  }

  clear(): void {
    for (const name of Object.keys(this.exports)) delete this.exports[name];
  }

  has(name: string): boolean {
    return Object.hasOwn(this.exports, name);
  }

  get(name: string): unknown {
    return Object.hasOwn(this.exports, name) ? this.exports[name] : undefined;
  }
}

/** The names to which a cell that has ended gave no value. */
export interface Unreached {
  /** Their declarations were not reached, so they are again what they were. */
  readonly missing: ReadonlySet<string>;
  /** Variables of `var` that are `undefined`. */
  readonly unset: ReadonlySet<string>;
}

/** The names of a cell that runs. */
export class OpenCell {
  constructor(
    readonly exports: Record<string, unknown>,
    readonly definitions: Readonly<Record<string, Definition>>,
    readonly before: ReadonlyMap<string, PropertyDescriptor | undefined>,
    /** The getters of the names while the cell runs. */
    readonly readers: ReadonlyMap<string, () => unknown>,
    readonly changed: Changed,
  ) {}

  /** Each name that has a value by now. */
  *values(): Generator<readonly [name: string, value: unknown]> {
    for (const [name, [kind, get]] of Object.entries(this.definitions)) {
      const value = initialized(kind, get);
      if (value !== undefined) yield [name, value.value];
    }
  }

  /** Settles the names. @param isWhole false if the cell threw */
  close(isWhole: boolean): Unreached {
    const missing = new Set<string>();
    const unset = new Set<string>();
    for (const [name, [kind, get, set]] of Object.entries(this.definitions)) {
      const now = Object.getOwnPropertyDescriptor(this.exports, name);
      // A cell of another subshell, which began later, has declared the name too.
      if (now !== undefined && now.get !== this.readers.get(name)) continue;
      const value = initialized(kind, get);
      const previous = this.before.get(name);
      if (value === undefined && kind === 'var' && (isWhole || previous === undefined)) unset.add(name);
      if (value === undefined && !unset.has(name)) {
        missing.add(name);
        if (previous === undefined) delete this.exports[name];
        else Object.defineProperty(this.exports, name, previous);
      } else if (kind === 'live') {
        Object.defineProperty(this.exports, name, { get, configurable: true, enumerable: true });
      } else if (set === null || kind === 'function' || kind === 'class') {
        Object.defineProperty(this.exports, name, {
          value: value?.value,
          writable: set !== null,
          configurable: true,
          enumerable: true,
        });
      } else if (now !== undefined) {
        owners.set(get, this.changed);
        Object.defineProperty(this.exports, name, {
          get,
          set: setter(set, name, this.changed),
          configurable: true,
          enumerable: true,
        });
      }
    }
    return { missing, unset };
  }
}

function setter(set: (value: unknown) => void, name: string, changed: Changed) {
  return (value: unknown): void => {
    set(value);
    if (typeof value === 'function') changed(name, value);
  };
}

/** A getter of a name that was not reached yet throws a ReferenceError; a `var` is undefined, and so is the variable of an enum. */
function initialized(kind: NameKind, get: () => unknown): { readonly value: unknown } | undefined {
  try {
    const value = get();
    return (kind === 'var' || kind === 'enum') && value === undefined ? undefined : { value };
  } catch {
    return undefined;
  }
}

function current(kind: NameKind, get: () => unknown, previous: PropertyDescriptor | undefined): unknown {
  if (previous === undefined) return get();
  const own = initialized(kind, get);
  return own === undefined ? (previous.get === undefined ? previous.value : previous.get.call(globalThis)) : own.value;
}
