/**
 * The format of captured values: one JSON graph for all of them, so that objects which they share stay shared, and the same values always give the same
 * bytes. Large binary data is in separate blobs.
 */
export interface ValueGraph {
  readonly nodes: readonly ValueNode[];
  /** One atom per captured variable. */
  readonly roots: readonly Atom[];
}

/** A primitive. `[n]` is node n. `{ $ }` is a primitive that JSON does not have. */
export type Atom = string | number | boolean | null | readonly [number] | { readonly $: SpecialAtom; readonly v?: string };
export type SpecialAtom = 'undefined' | 'NaN' | 'Infinity' | '-Infinity' | '-0' | 'bigint' | 'symbol' | 'well-known' | 'hole';

/** The bytes of binary data: the number of a blob, or base64. */
export type Bytes = { readonly b: number } | { readonly d: string };

/** What any object may have beside its own data. */
interface Extra {
  /** The prototype: that of a shipped class, or null. */
  readonly p?: { readonly c: string } | 'null';
  /** Own properties: keys (strings or symbols) and values. */
  readonly k?: readonly Atom[];
  readonly v?: readonly Atom[];
  readonly frozen?: true;
}

export type ValueNode = Extra &
  (
    | { readonly t: 'object' }
    | { readonly t: 'array'; readonly items: readonly Atom[] }
    | { readonly t: 'numbers'; readonly data: Bytes }
    | { readonly t: 'map'; readonly entries: readonly Atom[] }
    | { readonly t: 'set'; readonly items: readonly Atom[] }
    | { readonly t: 'date'; readonly time: Atom }
    | { readonly t: 'regexp'; readonly source: string; readonly flags: string; readonly last: number }
    | { readonly t: 'error'; readonly name: string; readonly own: readonly Atom[] }
    | { readonly t: 'buffer'; readonly data: Bytes; readonly shared?: true }
    | { readonly t: 'node-buffer'; readonly data: Bytes }
    | { readonly t: 'view'; readonly name: string; readonly buffer: Atom; readonly offset: number; readonly length: number }
    | { readonly t: 'url' | 'params'; readonly text: string }
    | { readonly t: 'boxed'; readonly value: Atom }
    | { readonly t: 'source'; readonly c: string }
    /** No object, but properties for a shipped class or function. */
    | { readonly t: 'own'; readonly c: string }
    /** No object, but a property's functions; `undefined` for one that it does not have. */
    | { readonly t: 'accessor'; readonly get: Atom; readonly set: Atom }
    | { readonly t: 'builtin'; readonly path: string }
    | { readonly t: 'extension'; readonly name: string; readonly data: unknown }
  );

/** Binary data of at least this many bytes gets a blob of its own. */
export const BLOB_BYTES = 16 * 1024;
