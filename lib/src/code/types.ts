/** A source id: `<cell>#<n>` for a class or function expression, `<cell>:<name>` for a declaration. */
export type SourceId = string;

/** One value blob of a package. `hash` is the sha256 (hex) of `bytes`. */
export interface ValueBlob {
  readonly name: string;
  readonly hash: string;
  /** May be a view of the user's own array (large arrays aren't copied): send it, don't keep it. */
  readonly bytes: Uint8Array;
}

/** The transitive closure of one class or function, ready to be loaded in another process. */
export interface CodePackage {
  readonly kind: 'source';
  /** sha256 (hex) of `code`. */
  readonly hash: string;
  /** One CommonJS module, its source map inline. */
  readonly code: Uint8Array;
  /** The same source map as JSON; sources are cell ids, or absolute paths of bundled files. */
  readonly map: string;
  readonly values: readonly ValueBlob[];
  /** The notebook's folder: packages are resolved from it. */
  readonly folder: string;
  readonly exportName: string;
  /** What the user should know, e.g. that `counter` is a snapshot. Each is said once per session. */
  readonly notes: readonly string[];
}

/** What travels in a deployment's spec: enough to load the code where its blobs are. */
export type CodeRef = SourceRef | ModuleRef;

export interface SourceRef {
  readonly kind: 'source';
  readonly hash: string;
  readonly values: readonly { readonly name: string; readonly hash: string }[];
  readonly folder: string;
  readonly exportName: string;
}

export interface ModuleRef {
  readonly kind: 'module';
  /** Absolute path of the user's file. */
  readonly file: string;
  /** sha256 (hex) of the compiled bundle. */
  readonly hash: string;
  /** Name under which the module defines it, for messages. */
  readonly deployment: string;
  /** What it is found by. Absent in what an older nbserve wrote down. */
  readonly definition?: DefinitionRef;
}

/** Which of the definitions of a module it is. */
export interface DefinitionRef {
  /** `path:line:column` of the calls that led to the definition, the innermost first. */
  readonly sites: readonly string[];
  /** Both can come of one call: what is deployed, and the policy in its options. */
  readonly role: 'target' | 'policy';
  /** Hash of the local variables that it sees, and of its name, parameters and methods. */
  readonly captured: string;
  /** Equal hashes mean equal values. */
  readonly isCertain: boolean;
  /** How many of the same place and hash were defined before it; if equal values are certain, how many codes. */
  readonly order: number;
  /** No other of the same place has its name. */
  readonly isOnlyOfName: boolean;
}

/** The ref of a package. */
export function refOf(pack: CodePackage): SourceRef {
  return {
    kind: 'source',
    hash: pack.hash,
    values: pack.values.map(({ name, hash }) => ({ name, hash })),
    folder: pack.folder,
    exportName: pack.exportName,
  };
}

/** What a {@link SourceRegistry} needs to know of its notebook. */
export interface SourceRegistryOptions {
  /** The notebook's folder. */
  readonly folder: string;
  /** Current value of a notebook global; undefined where there is none. May throw for one that isn't initialised yet. */
  readonly lookup: (name: string) => unknown;
  /** Names that exist in every cell, each with the module that exports it: `{ serve: 'nbserve', onnx: 'nbserve/onnx' }`. */
  readonly globals?: Readonly<Record<string, string>>;
}

export interface LoadCodeOptions {
  /** Module shipping: resolves when the module's top level waits for something that never comes (an inert `serve.run`); what it defined is there then. */
  readonly paused?: Promise<unknown>;
  /** Module shipping: finds the deployment once the module goes no further. Default: the export of its name. */
  readonly findDeployment?: () => Promise<unknown>;
}

/** A `require` that resolves from a folder. */
export interface FolderRequire {
  (id: string): unknown;
  resolve(id: string): string;
}
