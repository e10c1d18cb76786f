import { createHash } from 'node:crypto';
import { types } from 'node:util';

/** Largest number of objects and values to examine: a variable may contain a whole data set. */
const MOST_VALUES = 5000;
const MOST_BYTES = 1 << 20;

/** A hash of values that is the same in another process. It runs no user code. */
export class ValueDigest {
  isCertain = true;
  readonly #hash = createHash('sha256');
  readonly #seen = new Map<object, number>();
  #count = 0;

  /** @param own a function that may see itself */
  constructor(own: object) {
    this.#seen.set(own, 0);
  }

  /** Adds the parts of a class or function that are the same whichever compiler wrote its text: its name, its parameters and its methods. */
  addOutline(target: object): void {
    for (const key of ['name', 'length']) {
      const own: unknown = Object.getOwnPropertyDescriptor(target, key)?.value;
      this.#tell('own', typeof own === 'function' ? '' : String(own ?? ''));
    }
    const prototype: unknown = Object.getOwnPropertyDescriptor(target, 'prototype')?.value;
    if (typeof prototype !== 'object' || prototype === null || types.isProxy(prototype)) return;
    for (const name of Object.getOwnPropertyNames(prototype).sort()) this.#tell('method', name);
  }

  /** Adds the variables of one scope. Their order depends on the engine, and a bundler adds a number to a name that is already used. */
  addVariables(variables: object): void {
    const entries = Object.getOwnPropertyNames(variables).map((name) => [name.replace(/\d+$/, ''), name] as const);
    entries.sort(([a, rawA], [b, rawB]) => (a < b ? -1 : a > b ? 1 : rawA < rawB ? -1 : 1));
    for (const [name, raw] of entries) {
      this.#tell('variable', name);
      this.#addProperty(variables, raw);
    }
    this.#tell('end', '');
  }

  hex(): string {
    return this.#hash.digest('hex');
  }

  #tell(kind: string, text: string): void {
    this.#hash.update(`${kind}:${text.length}:${text};`);
  }

  #add(value: unknown): void {
    this.#count += 1;
    if (this.#count > MOST_VALUES) this.isCertain = false;
    else if ((typeof value === 'object' && value !== null) || typeof value === 'function') this.#addObject(value);
    else this.#tell(typeof value, Object.is(value, -0) ? '-0' : String(value));
  }

  /** The text of a function cannot be used, because a compiler changes it. */
  #addFunction(value: object): void {
    this.isCertain = false;
    for (const key of ['name', 'length']) {
      const own: unknown = Object.getOwnPropertyDescriptor(value, key)?.value;
      this.#tell('function', typeof own === 'function' ? '' : String(own));
    }
  }

  #addObject(value: object): void {
    const known = this.#seen.get(value);
    if (known === undefined) this.#seen.set(value, this.#seen.size);
    if (known !== undefined) this.#tell('again', String(known));
    else if (typeof value === 'function') this.#addFunction(value);
    else if (types.isProxy(value)) this.#addProxy();
    else if (ArrayBuffer.isView(value)) this.#addBytes(value);
    else this.#addContents(value);
  }

  #addProxy(): void {
    this.isCertain = false;
    this.#tell('proxy', '');
  }

  #addContents(value: object): void {
    this.#tell('object', Array.isArray(value) ? '[]' : isPlain(value) ? '{}' : className(value));
    if (types.isDate(value)) this.#tell('date', String(Date.prototype.getTime.call(value)));
    else if (types.isRegExp(value)) this.#tell('regexp', RegExp.prototype.toString.call(value));
    else if (types.isMap(value)) for (const pair of Map.prototype.entries.call(value)) this.#addEach(pair);
    else if (types.isSet(value)) this.#addEach([...Set.prototype.values.call(value)]);
    else if (!isPlain(value)) this.isCertain = false;
    for (const key of Object.keys(value)) {
      if (this.#count > MOST_VALUES) break;
      this.#tell('key', key);
      this.#addProperty(value, key);
    }
    this.#tell('end', '');
  }

  #addEach(values: readonly unknown[]): void {
    for (const value of values) this.#add(value);
  }

  #addProperty(holder: object, key: string): void {
    const property = Object.getOwnPropertyDescriptor(holder, key);
    if (property !== undefined && 'value' in property) this.#add(property.value);
    else this.isCertain = false;
  }

  #addBytes(view: ArrayBufferView): void {
    const { buffer, byteOffset, byteLength } = view;
    this.#tell('bytes', `${className(view)} ${byteLength}`);
    if (byteLength > MOST_BYTES) this.isCertain = false;
    this.#hash.update(new Uint8Array(buffer as ArrayBuffer, byteOffset, Math.min(byteLength, MOST_BYTES)));
  }
}

function className(value: object): string {
  const prototype = Object.getPrototypeOf(value) as object;
  const maker: unknown = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value;
  return typeof maker === 'function' ? String(Object.getOwnPropertyDescriptor(maker, 'name')?.value) : '';
}

function isPlain(value: object): boolean {
  if (Array.isArray(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype as object) === null;
}
