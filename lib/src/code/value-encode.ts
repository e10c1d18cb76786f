import { types } from 'node:util';
import { registeredExtensions } from '../core/index.js';
import { builtinPath } from './builtins.js';
import { type AccessorKey, isAccessorKey, type PathKey } from './path-key.js';
import { inConstructor, Refusal } from './refusal.js';
import { type Atom, BLOB_BYTES, type Bytes, type SpecialAtom, type ValueGraph, type ValueNode } from './value-format.js';
import {
  type AnyFunction,
  builtinErrorName,
  className,
  frozen,
  functionReason,
  isBuiltinPrototype,
  isIndex,
  keyText,
  refusedKind,
} from './value-kinds.js';

/** Stands among the objects for a property with a getter or setter. */
class Accessor {
  constructor(
    readonly get: Atom,
    readonly set: Atom,
  ) {}
}

/** How the encoder finds the source of classes and functions among the values. */
export interface SourceResolver {
  /** The key with which the function's source is shipped; undefined if it has none. `path` is null inside of a Map or Set. */
  sourceOf(value: AnyFunction, path: readonly PathKey[] | null): string | undefined;
  /** A private field or method of the class, because of which an instance cannot be rebuilt. */
  privateMember(key: string): string | undefined;
}

interface PathStep {
  readonly parent: number;
  readonly text: string;
  readonly key: PathKey;
}

const WELL_KNOWN = new Map(
  Object.getOwnPropertyNames(Symbol)
    .map((name) => [(Symbol as unknown as Record<string, unknown>)[name], name] as const)
    .filter((entry): entry is [symbol, string] => typeof entry[0] === 'symbol'),
);
const PLAIN_LIMIT = 64;
const ERROR_KEYS = ['message', 'stack', 'cause', 'errors', 'name'];
const ACCESSOR_REASON =
  'it is a getter or setter that is not in an object literal at the top level of a cell, and cannot be sent; make it a method, or write a class';

/** A value for a property of a shipped class or function, by the key of its source. */
export class OwnProperty {
  constructor(
    readonly source: string,
    readonly key: string,
    readonly value: unknown,
  ) {}
}

/** Encodes captured variables into one graph. */
export class ValueEncoder {
  readonly #nodes: ValueNode[] = [];
  readonly #objects: object[] = [];
  readonly #steps: PathStep[] = [];
  readonly #ids = new Map<object, number>();
  readonly #roots: Atom[] = [];
  readonly blobs: Uint8Array[] = [];
  #uses = new Set<string>();

  /**
   * Adds a variable's value.
   * @returns its index, and the keys of the sources that it needs
   * @throws Refusal; then the graph has not changed
   */
  add(value: unknown, resolver: SourceResolver): { readonly index: number; readonly uses: readonly string[] } {
    const before = { nodes: this.#nodes.length, blobs: this.blobs.length };
    this.#uses = new Set();
    try {
      const atom = this.#atom(value, { parent: -1, text: '', key: null });
      for (let id = before.nodes; id < this.#objects.length; id += 1)
        this.#nodes[id] = this.#node(id, this.#objects[id] as object, resolver);
      return { index: this.#roots.push(atom) - 1, uses: [...this.#uses] };
    } catch (error) {
      for (const object of this.#objects.splice(before.nodes)) this.#ids.delete(object);
      this.#steps.length = before.nodes;
      this.#nodes.length = before.nodes;
      this.blobs.length = before.blobs;
      throw error;
    }
  }

  get isEmpty(): boolean {
    return this.#roots.length === 0;
  }

  graph(): ValueGraph {
    return { nodes: this.#nodes, roots: this.#roots };
  }

  #atom(value: unknown, step: PathStep): Atom {
    switch (typeof value) {
      case 'string':
      case 'boolean':
        return value;
      case 'number':
        if (Number.isFinite(value) && !Object.is(value, -0)) return value;
        return { $: (Object.is(value, -0) ? '-0' : String(value)) as SpecialAtom };
      case 'undefined':
        return { $: 'undefined' };
      case 'bigint':
        return { $: 'bigint', v: String(value) };
      case 'symbol':
        return this.#symbol(value, step);
      default:
        return value === null ? null : [this.#id(value as object, step)];
    }
  }

  #symbol(value: symbol, step: PathStep): Atom {
    const registered = Symbol.keyFor(value);
    if (registered !== undefined) return { $: 'symbol', v: registered };
    const known = WELL_KNOWN.get(value);
    if (known !== undefined) return { $: 'well-known', v: known };
    throw this.#refuse(step, `a unique symbol (${String(value)}) cannot be sent; use Symbol.for(…)`);
  }

  #id(value: object, step: PathStep): number {
    const known = this.#ids.get(value);
    if (known !== undefined) return known;
    const id = this.#objects.push(value) - 1;
    this.#steps.push(step);
    this.#ids.set(value, id);
    return id;
  }

  #refuse(step: PathStep, reason: string): Refusal {
    let text = step.text;
    for (let at = step.parent; at >= 0; at = this.#steps[at]?.parent ?? -1) text = `${this.#steps[at]?.text ?? ''}${text}`;
    return new Refusal(text, reason);
  }

  #keysTo(id: number): readonly PathKey[] | null {
    const keys: PathKey[] = [];
    for (let at = id; at >= 0; at = this.#steps[at]?.parent ?? -1) {
      const step = this.#steps[at] as PathStep;
      if (step.parent < 0) break;
      if (step.key === null) return null;
      keys.unshift(step.key);
    }
    return keys;
  }

  #node(id: number, value: object, resolver: SourceResolver): ValueNode {
    const step = this.#steps[id] as PathStep;
    if (value instanceof OwnProperty) {
      const v = [this.#atom(value.value, { parent: id, text: `.${value.key}`, key: value.key })];
      return { t: 'own', c: value.source, k: [value.key], v };
    }
    if (value instanceof Accessor) return { t: 'accessor', get: value.get, set: value.set };
    const extension = [...registeredExtensions().values()].find((each) => each.test(value));
    if (extension) return { t: 'extension', name: extension.name, data: this.#guard(step, () => extension.encode(value)) };
    if (typeof value === 'function') return this.#functionNode(id, value as AnyFunction, resolver);
    const builtin = builtinPath(value);
    if (builtin !== undefined) return { t: 'builtin', path: builtin };
    const refused = refusedKind(value);
    if (refused !== undefined) throw this.#refuse(step, inConstructor(refused));
    if (Buffer.isBuffer(value)) return { t: 'node-buffer', data: this.#bytes(value) };
    if (ArrayBuffer.isView(value)) return this.#view(id, value);
    if (types.isAnyArrayBuffer(value)) {
      return {
        t: 'buffer',
        data: this.#bytes(new Uint8Array(value)),
        ...(types.isSharedArrayBuffer(value) ? { shared: true as const } : {}),
      };
    }
    const proto = this.#prototype(id, value, resolver);
    const at = (text: string, key: PathKey = null): PathStep => ({ parent: id, text, key });
    if (types.isMap(value)) {
      const entries: Atom[] = [];
      for (const [key, item] of value) {
        const text = typeof key === 'string' || typeof key === 'number' ? `.get(${JSON.stringify(key)})` : '.get(…)';
        entries.push(this.#atom(key, at('.keys()')), this.#atom(item, at(text)));
      }
      return { t: 'map', entries, ...proto, ...this.#own(id, value) };
    }
    if (types.isSet(value))
      return {
        t: 'set',
        items: Array.from(value, (item) => this.#atom(item, at('.values()'))),
        ...proto,
        ...this.#own(id, value),
      };
    if (types.isDate(value)) return { t: 'date', time: this.#atom(value.getTime(), step), ...proto, ...this.#own(id, value) };
    if (types.isRegExp(value)) {
      return { t: 'regexp', source: value.source, flags: value.flags, last: value.lastIndex, ...proto, ...this.#own(id, value) };
    }
    if (types.isNativeError(value)) return this.#error(id, value, proto);
    if (types.isBoxedPrimitive(value))
      return { t: 'boxed', value: this.#atom((value as { valueOf(): unknown }).valueOf(), step) };
    if (value instanceof URL) return { t: 'url', text: value.href };
    if (value instanceof URLSearchParams) return { t: 'params', text: value.toString() };
    if (Array.isArray(value)) return this.#array(id, value, proto);
    return { t: 'object', ...proto, ...this.#own(id, value) };
  }

  #guard<T>(step: PathStep, read: () => T): T {
    try {
      return read();
    } catch (error) {
      throw this.#refuse(step, error instanceof Error ? error.message : String(error));
    }
  }

  #functionNode(id: number, value: AnyFunction, resolver: SourceResolver): ValueNode {
    const step = this.#steps[id] as PathStep;
    const builtin = builtinPath(value);
    if (builtin !== undefined) return { t: 'builtin', path: builtin };
    const key = resolver.sourceOf(value, this.#keysTo(id));
    if (key === undefined) throw this.#refuse(step, isAccessorKey(step.key) ? ACCESSOR_REASON : functionReason(value));
    this.#uses.add(key);
    return { t: 'source', c: key };
  }

  #bytes(view: Uint8Array): Bytes {
    if (view.byteLength < BLOB_BYTES) return { d: Buffer.from(view.buffer, view.byteOffset, view.byteLength).toString('base64') };
    return { b: this.blobs.push(view) - 1 };
  }

  #view(id: number, value: ArrayBufferView): ValueNode {
    const name =
      value instanceof DataView ? 'DataView' : ((value as unknown as Record<symbol, string>)[Symbol.toStringTag] ?? '');
    const Class = (globalThis as unknown as Record<string, { prototype: object }>)[name];
    if (Object.getPrototypeOf(value) !== Class?.prototype)
      throw this.#refuse(this.#steps[id] as PathStep, inConstructor(className(value)));
    const size = name === 'DataView' ? 1 : (value as Uint8Array).BYTES_PER_ELEMENT;
    const length = value.byteLength / size;
    // A small view of a large buffer is sent alone. Otherwise, views of one buffer still share it after they were sent.
    const alone = value.buffer.byteLength > BLOB_BYTES && value.byteLength * 2 < value.buffer.byteLength;
    const buffer = alone ? value.buffer.slice(value.byteOffset, value.byteOffset + value.byteLength) : value.buffer;
    return {
      t: 'view',
      name,
      buffer: this.#atom(buffer, { parent: id, text: '.buffer', key: null }),
      offset: alone ? 0 : value.byteOffset,
      length,
    };
  }

  #array(id: number, value: readonly unknown[], proto: Pick<ValueNode, 'p'>): ValueNode {
    const keys = Object.keys(value);
    const extra = keys.length > 0 && !isIndex(keys[keys.length - 1] as string);
    const dense = (extra ? keys.filter(isIndex).length : keys.length) === value.length;
    const isPlain = dense && !extra && proto.p === undefined && !Object.isFrozen(value);
    if (isPlain && value.length > PLAIN_LIMIT && value.every((item) => typeof item === 'number')) {
      return { t: 'numbers', data: this.#bytes(new Uint8Array(Float64Array.from(value as number[]).buffer)) };
    }
    const items: Atom[] = [];
    for (let i = 0; i < value.length; i += 1) {
      items.push(dense || i in value ? this.#atom(value[i], { parent: id, text: `[${i}]`, key: i }) : { $: 'hole' });
    }
    return { t: 'array', items, ...proto, ...(extra ? this.#own(id, value, (key) => !isIndex(key)) : frozen(value)) };
  }

  #error(id: number, value: Error, proto: Pick<ValueNode, 'p'>): ValueNode {
    const own: Atom[] = [];
    for (const key of ERROR_KEYS) {
      if (Object.hasOwn(value, key))
        own.push(key, this.#atom((value as unknown as Record<string, unknown>)[key], { parent: id, text: `.${key}`, key: null }));
    }
    const base = types.isNativeError(value) ? builtinErrorName(value) : 'Error';
    return { t: 'error', name: base, own, ...proto, ...this.#own(id, value, (key) => !ERROR_KEYS.includes(key)) };
  }

  /** The own enumerable properties, with symbols. */
  #own(id: number, value: object, wanted: (key: string) => boolean = () => true): Pick<ValueNode, 'k' | 'v' | 'frozen'> {
    const k: Atom[] = [];
    const v: Atom[] = [];
    for (const key of Reflect.ownKeys(value)) {
      if (!Object.prototype.propertyIsEnumerable.call(value, key) || (typeof key === 'string' && !wanted(key))) continue;
      const step = {
        parent: id,
        text: typeof key === 'symbol' ? `[${String(key)}]` : keyText(key),
        key: typeof key === 'symbol' ? null : key,
      };
      k.push(typeof key === 'symbol' ? this.#symbol(key, step) : key);
      const descriptor = this.#guard(step, () => Object.getOwnPropertyDescriptor(value, key));
      v.push(descriptor && !('value' in descriptor) ? this.#accessor(descriptor, step) : this.#atom(descriptor?.value, step));
    }
    return { ...(k.length > 0 ? { k, v } : {}), ...frozen(value) };
  }

  /** A getter and a setter are code, which is sent: what they compute from other properties changes with these. */
  #accessor(descriptor: PropertyDescriptor, step: PathStep): Atom {
    const atomOf = (kind: AccessorKey['kind']): Atom => {
      const key = typeof step.key === 'string' ? { kind, of: step.key } : null;
      return this.#atom(descriptor[kind], { ...step, key });
    };
    return this.#atom(new Accessor(atomOf('get'), atomOf('set')), step);
  }

  #prototype(id: number, value: object, resolver: SourceResolver): Pick<ValueNode, 'p'> {
    const proto = Object.getPrototypeOf(value) as object | null;
    if (proto === null) return { p: 'null' };
    if (isBuiltinPrototype(proto)) return {};
    const step = this.#steps[id] as PathStep;
    let found: string | undefined;
    for (let at: object | null = proto; at !== null && !isBuiltinPrototype(at); at = Object.getPrototypeOf(at) as object | null) {
      const Class = Object.getOwnPropertyDescriptor(at, 'constructor')?.value as unknown;
      const owns = typeof Class === 'function' && Class.prototype === at;
      const key = owns ? resolver.sourceOf(Class as AnyFunction, null) : undefined;
      if (key === undefined) {
        // An error of a package's class is sent as an error without its class, so that its message is kept.
        if (types.isNativeError(value)) return {};
        const inherits = found === undefined ? '' : `, which inherits from ${owns ? Class.name : 'an object'},`;
        throw this.#refuse(step, inConstructor(`${className(value)}${inherits}`));
      }
      const member = resolver.privateMember(key);
      if (member !== undefined) {
        throw this.#refuse(
          step,
          `an instance of ${className(value)} has ${member}, which cannot be read from outside; create it in the constructor`,
        );
      }
      found ??= key;
    }
    if (found === undefined) return {};
    this.#uses.add(found);
    return { p: { c: found } };
  }
}
