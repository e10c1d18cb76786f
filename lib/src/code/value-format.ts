/**
 * How captured values are stored: one JSON graph for all of them, so that what they share stays shared and the same values
 * always give the same bytes; large binary data lies beside it in blobs of its own.
 */
export interface ValueGraph {
  readonly nodes: readonly ValueNode[];
  /** One atom per captured variable. */
  readonly roots: readonly Atom[];
}

/** A primitive; `[n]` is node n; `{ $ }` what JSON can't say. */
export type Atom = string | number | boolean | null | readonly [number] | { readonly $: SpecialAtom; readonly v?: string };
export type SpecialAtom = 'undefined' | 'NaN' | 'Infinity' | '-Infinity' | '-0' | 'bigint' | 'symbol' | 'well-known' | 'hole';

/** Where the bytes of binary data are: in a blob, or here in base64. */
export type Bytes = { readonly b: number } | { readonly d: string };

/** What any object may have beside its own data. */
interface Extra {
  /** Prototype: of a shipped class, or none. */
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
    | { readonly t: 'builtin'; readonly path: string }
    | { readonly t: 'extension'; readonly name: string; readonly data: unknown }
  );

/** Binary data of at least this many bytes gets a blob of its own. */
export const BLOB_BYTES = 16 * 1024;
