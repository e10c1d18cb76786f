import { registeredExtensions } from '../core/index.js';
import { builtinAt } from './builtins.js';
import type { Atom, Bytes, ValueGraph, ValueNode } from './value-format.js';

/** The types of nodes that are filled in after they were made. */
const FILLED: ReadonlySet<string> = new Set(['object', 'array', 'map', 'set', 'date', 'regexp', 'error', 'own']);

type Holder = Record<PropertyKey, unknown>;

/** Rebuilds captured values while the shipped module runs. A value that needs a class is filled in as soon as the class exists. */
export class ValueDecoder {
  #values: unknown[] | undefined;
  #waiting: number[] = [];
  readonly #asked = new Set<number>();
  readonly #graph: ValueGraph;
  readonly #blob: (index: number) => Uint8Array;
  readonly #sources: Readonly<Record<string, () => unknown>>;

  /** @param sources shipped classes and functions, by key; one that is not initialised yet throws a ReferenceError */
  constructor(graph: ValueGraph, blob: (index: number) => Uint8Array, sources: Readonly<Record<string, () => unknown>>) {
    this.#graph = graph;
    this.#blob = blob;
    this.#sources = sources;
  }

  root(index: number): unknown {
    if (!this.#values) {
      const values = this.#graph.nodes.map((node) => this.#shell(node));
      this.#values = values;
      // A view's buffer may come after the view, so all buffers are made first.
      for (const [id, node] of this.#graph.nodes.entries()) {
        if (node.t === 'view') values[id] = makeView(node.name, this.#read(node.buffer) as ArrayBuffer, node.offset, node.length);
      }
      this.#waiting = this.#graph.nodes.flatMap((node, id) => (FILLED.has(node.t) ? [id] : []));
    }
    const atom = this.#graph.roots[index] as Atom;
    if (Array.isArray(atom)) this.#asked.add(atom[0] as number);
    this.settle();
    return this.#read(atom);
  }

  /** Fills in what waited for a class; called again when the module has run. */
  settle(): void {
    this.#waiting = this.#waiting.filter((id) => {
      const node = this.#graph.nodes[id] as ValueNode;
      // A property of a function is set when its code has run: a function exists before its namespace has filled it.
      if (node.t === 'own' && !this.#asked.has(id)) return true;
      try {
        this.#fill(id, node);
        return false;
      } catch (error) {
        if (error instanceof ReferenceError) return true;
        throw error;
      }
    });
  }

  #read(atom: Atom): unknown {
    if (typeof atom !== 'object' || atom === null) return atom;
    if (!('$' in atom)) {
      const id = atom[0];
      const node = this.#graph.nodes[id] as ValueNode;
      return node.t === 'source' ? this.#source(node.c) : this.#values?.[id];
    }
    switch (atom.$) {
      case 'undefined':
      case 'hole':
        return undefined;
      case 'bigint':
        return BigInt(atom.v ?? '0');
      case 'symbol':
        return Symbol.for(atom.v ?? '');
      case 'well-known':
        return (Symbol as unknown as Holder)[atom.v ?? ''];
      default:
        return Number(atom.$);
    }
  }

  #descriptor(atom: Atom): PropertyDescriptor {
    const node = Array.isArray(atom) ? this.#graph.nodes[(atom as readonly [number])[0]] : undefined;
    if (node?.t !== 'accessor') return { value: this.#read(atom), writable: true };
    return {
      get: this.#read(node.get) as PropertyDescriptor['get'],
      set: this.#read(node.set) as PropertyDescriptor['set'],
    } as PropertyDescriptor;
  }

  #source(key: string): unknown {
    return this.#sources[key]?.();
  }

  #bytes(data: Bytes): Uint8Array {
    return 'b' in data ? this.#blob(data.b) : Buffer.from(data.d, 'base64');
  }

  #shell(node: ValueNode): unknown {
    switch (node.t) {
      case 'object':
        return node.p === 'null' ? Object.create(null) : {};
      case 'array':
        return new Array(node.items.length);
      case 'numbers':
        return Array.from(new Float64Array(ownBuffer(this.#bytes(node.data))));
      case 'map':
        return new Map();
      case 'set':
        return new Set();
      case 'date':
        return new Date(this.#read(node.time) as number);
      case 'regexp':
        return Object.assign(new RegExp(node.source, node.flags), { lastIndex: node.last });
      case 'error': {
        const Class = builtinAt(node.name) as new (...args: unknown[]) => Error;
        const error = node.name === 'AggregateError' ? new Class([]) : new Class();
        for (const key of ['message', 'stack', 'errors']) delete (error as unknown as Holder)[key];
        return error;
      }
      case 'buffer': {
        const buffer = ownBuffer(this.#bytes(node.data));
        if (node.shared !== true) return buffer;
        const shared = new SharedArrayBuffer(buffer.byteLength);
        new Uint8Array(shared).set(new Uint8Array(buffer));
        return shared;
      }
      case 'node-buffer': {
        const bytes = this.#bytes(node.data);
        return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      }
      case 'url':
        return new URL(node.text);
      case 'params':
        return new URLSearchParams(node.text);
      case 'boxed':
        return Object(this.#read(node.value));
      case 'source':
      case 'own':
      case 'accessor':
      case 'view':
        return undefined;
      case 'builtin':
        return builtinAt(node.path);
      case 'extension': {
        const extension = registeredExtensions().get(node.name);
        if (!extension) throw new Error(`no extension named ${node.name} to read a shipped value with`);
        return extension.decode(node.data);
      }
    }
  }

  #fill(id: number, node: ValueNode): void {
    const target = (node.t === 'own' ? this.#source(node.c) : (this.#values as unknown[])[id]) as Holder;
    if (typeof node.p === 'object') {
      const Class = this.#source(node.p.c) as { prototype: object };
      Object.setPrototypeOf(target, Class.prototype);
    }
    if (node.t === 'array') {
      for (const [i, item] of node.items.entries()) if (!isHole(item)) (target as unknown as unknown[])[i] = this.#read(item);
    } else if (node.t === 'map') {
      const map = target as unknown as Map<unknown, unknown>;
      Map.prototype.clear.call(map);
      for (let i = 0; i < node.entries.length; i += 2) {
        Map.prototype.set.call(map, this.#read(node.entries[i] as Atom), this.#read(node.entries[i + 1] as Atom));
      }
    } else if (node.t === 'set') {
      Set.prototype.clear.call(target);
      for (const item of node.items) Set.prototype.add.call(target, this.#read(item));
    } else if (node.t === 'error') {
      for (let i = 0; i < node.own.length; i += 2) {
        const value = this.#read(node.own[i + 1] as Atom);
        Object.defineProperty(target, node.own[i] as string, { value, writable: true, configurable: true, enumerable: false });
      }
    }
    for (const [i, key] of (node.k ?? []).entries()) {
      const descriptor = this.#descriptor(node.v?.[i] as Atom);
      Object.defineProperty(target, this.#read(key) as PropertyKey, { ...descriptor, configurable: true, enumerable: true });
    }
    if (node.frozen === true) Object.freeze(target);
  }
}

const isHole = (atom: Atom): boolean => typeof atom === 'object' && atom !== null && '$' in atom && atom.$ === 'hole';

/** The bytes as an ArrayBuffer of their own. They are not copied if they fill the buffer that they are in. */
function ownBuffer(bytes: Uint8Array): ArrayBuffer {
  const { buffer, byteOffset, byteLength } = bytes;
  if (buffer instanceof ArrayBuffer && byteOffset === 0 && byteLength === buffer.byteLength) return buffer;
  return buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer;
}

function makeView(name: string, buffer: ArrayBuffer, offset: number, length: number): unknown {
  const Class = builtinAt(name) as new (b: ArrayBuffer, o: number, l: number) => ArrayBufferView;
  return new Class(buffer, offset, length);
}
