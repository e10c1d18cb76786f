import { constants } from 'node:buffer';
import { types } from 'node:util';
import { type JsonRefusal, nameOf, refusedClass, refusedObject, refusedPrimitive } from './json-refusal.js';
import { asTensor, nestedLists } from './tensor-form.js';

/** The path from the answer to a value in it: names of properties and indices of lists. */
export type JsonPath = readonly (string | number)[];

/** How the fault of a value is reported; both functions throw. */
export interface JsonFaults {
  refuse(path: JsonPath, refusal: JsonRefusal, cause?: unknown): never;
  notAwaited(path: JsonPath): never;
}

/**
 * A copy of the value that contains only what JSON can represent: typed arrays and tensors become lists, and objects with `toJSON` become its result.
 * The result is `undefined` if `JSON.stringify` would leave the value out. If JSON would change a value, `faults` is called.
 * @param asTexts whether a BigInt becomes its digits, and bytes that are not those of a tensor become base64
 */
export function jsonForm(value: unknown, faults: JsonFaults, asTexts = false): unknown {
  return new JsonCopy(faults, asTexts).copy(value, '');
}

class JsonCopy {
  readonly #faults: JsonFaults;
  readonly #asTexts: boolean;
  readonly #path: (string | number)[] = [];
  /** The objects that contain the current one. */
  readonly #holders = new Set<object>();
  /** Objects that have been copied, with their size, so that a shared object is copied only once. */
  readonly #copies = new Map<object, { readonly copy: unknown; readonly size: number }>();
  /** Smallest number of characters that the JSON has. */
  #size = 0;

  constructor(faults: JsonFaults, asTexts: boolean) {
    this.#faults = faults;
    this.#asTexts = asTexts;
  }

  copy(value: unknown, key: string): unknown {
    if (typeof value === 'bigint') return this.#copyBigInt(value, key);
    if (typeof value !== 'object' || value === null) return this.#checked(value);
    const known = this.#copies.get(value);
    if (known !== undefined) {
      this.#grow(known.size);
      return known.copy;
    }
    if (this.#holders.has(value)) this.#refuse({ what: 'an object that it is inside of', remedy: 'leave it out' });
    this.#holders.add(value);
    const before = this.#size;
    this.#grow(2);
    const copy = this.#copyObject(value, key);
    this.#holders.delete(value);
    if (typeof copy === 'object' && copy !== null) this.#copies.set(value, { copy, size: this.#size - before });
    return copy;
  }

  /** Objects that share others can have an extremely long JSON, on which `JSON.stringify` would work for minutes. */
  #grow(characters: number): void {
    this.#size += characters;
    if (this.#size > constants.MAX_STRING_LENGTH) throw new RangeError('Invalid string length');
  }

  #copyObject(value: object, key: string): unknown {
    if (typeof this.#read(value, 'then') === 'function') this.#faults.notAwaited(this.#path);
    const bytes = this.#asTexts ? bytesOf(value) : null;
    if (bytes !== null) return bytes.toString('base64');
    // This comes before toJSON, because a Buffer has one; its result is an object that contains the list.
    if (types.isTypedArray(value) && (Buffer.isBuffer(value) || !hasToJson(value))) return this.#copyView(value);
    if (hasToJson(value)) return this.#copyToJson(value, key);
    if (types.isBoxedPrimitive(value) && !types.isSymbolObject(value)) return this.copy(value.valueOf(), key);
    if (Array.isArray(value)) return this.#copyList(value);
    const tensor = this.#guarded(() => asTensor(value));
    if (tensor !== null) return nestedLists(tensor, (item, at) => this.#copyElement(item, at));
    const refused = refusedObject(value);
    if (refused !== null) this.#refuse(refused);
    return this.#copyProperties(value as Readonly<Record<string, unknown>>);
  }

  #copyToJson(value: { toJSON(key: string): unknown }, key: string): unknown {
    const given = this.#guarded(() => value.toJSON(key));
    if (types.isDate(value) && given === null)
      this.#refuse({ what: 'an invalid Date', remedy: 'write null, or check the date first' });
    if (given === value) return this.#copyProperties(value as unknown as Readonly<Record<string, unknown>>);
    return typeof given === 'object' && given !== null ? this.#copyGiven(given) : this.#checked(given);
  }

  /** Copies the result of `toJSON`; the `toJSON` of that result is not called. */
  #copyGiven(value: object): unknown {
    if (hasToJson(value)) {
      if (Array.isArray(value)) return this.#copyList(value);
      return this.#copyProperties(value as unknown as Readonly<Record<string, unknown>>);
    }
    return this.copy(value, '');
  }

  #copyList(list: readonly unknown[]): unknown[] {
    const copy: unknown[] = [];
    for (let i = 0; i < list.length; i += 1) {
      this.#path.push(i);
      const item = this.copy(this.#read(list, i), String(i));
      if (item === undefined) this.#refuse({ what: i in list ? 'undefined' : 'an empty place', remedy: 'write null' });
      copy.push(item);
      this.#path.pop();
    }
    return copy;
  }

  #copyView(view: ArrayLike<unknown>): unknown[] {
    const copy: unknown[] = new Array(view.length);
    for (let i = 0; i < view.length; i += 1) {
      const item = view[i];
      copy[i] = Number.isFinite(item) ? item : this.#copyElement(item, [i]);
    }
    return copy;
  }

  /** A 64-bit element becomes a number if that is exact. If it is not, this is a fault, because a client could not notice it. */
  #copyElement(item: unknown, at: JsonPath): unknown {
    if (typeof item === 'bigint' && item >= Number.MIN_SAFE_INTEGER && item <= Number.MAX_SAFE_INTEGER) return Number(item);
    const refused = refusedPrimitive(item);
    if (refused === null) return item;
    this.#path.push(...at);
    this.#refuse(refused);
  }

  #copyProperties(value: Readonly<Record<string, unknown>>): unknown {
    const keys = Object.keys(value);
    if (keys.length === 0 && !isRecord(value)) this.#refuse(refusedClass(value));
    // The copy has no prototype, so that a property may have the name __proto__.
    const copy: Record<string, unknown> = Object.create(null);
    for (const key of keys) {
      this.#path.push(key);
      const given = this.#read(value, key);
      const item = given === undefined ? undefined : this.copy(given, key);
      if (item !== undefined) copy[key] = item;
      this.#path.pop();
    }
    return copy;
  }

  /** Programs that use BigInts often define once how these are written. */
  #copyBigInt(value: bigint, key: string): unknown {
    if (this.#asTexts) return String(value);
    const own = BigInt.prototype as unknown as { toJSON?: unknown };
    if (typeof own.toJSON !== 'function') this.#refuse(refusedPrimitive(value) as JsonRefusal);
    return this.#checked(this.#guarded(() => (own.toJSON as (key: string) => unknown).call(value, key)));
  }

  #checked(value: unknown): unknown {
    const refused = value === undefined ? null : refusedPrimitive(value);
    if (refused !== null) this.#refuse(refused);
    return value;
  }

  #read(value: object, key: string | number): unknown {
    return this.#guarded(() => (value as Readonly<Record<string | number, unknown>>)[key]);
  }

  /** Runs a getter or a method of user code. */
  #guarded<T>(run: () => T): T {
    try {
      return run();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.#refuse(
        { what: `a value whose reading failed (${why.split('\n', 1)[0]})`, remedy: 'read it first, or leave it out' },
        error,
      );
    }
  }

  #refuse(refusal: JsonRefusal, cause?: unknown): never {
    this.#faults.refuse(this.#path, refusal, cause);
  }
}

const hasToJson = (value: object): value is { toJSON(key: string): unknown } =>
  typeof (value as { toJSON?: unknown }).toJSON === 'function';

function bytesOf(value: object): Buffer | null {
  if (types.isUint8Array(value) || types.isUint8ClampedArray(value))
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return types.isAnyArrayBuffer(value) ? Buffer.from(value) : null;
}

/** Whether the object was written as `{ … }`, in this realm or another one, or made by `Object.create(null)`. */
function isRecord(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === null || prototype === Object.prototype) return true;
  return Object.getPrototypeOf(prototype) === null && nameOf(value) === 'Object';
}

/** Writes a path as `scores[2].when`, after `root`. */
export function pathText(path: JsonPath, root = ''): string {
  let text = root;
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else if (/^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(step)) text += text === '' ? step : `.${step}`;
    else if (root === '') text += `${text === '' ? '' : '.'}${JSON.stringify(step)}`;
    else text += `[${JSON.stringify(step)}]`;
  }
  return text;
}
