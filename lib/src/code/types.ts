/** A source id: `<cell>#<n>` for a class or function expression, `<cell>:<name>` for a declaration. */
export type SourceId = string;

/** One value blob of a package. `hash` is the sha256 (hex) of `bytes`. */
export interface ValueBlob {
  readonly name: string;
  readonly hash: string;
  /** It may be a view of the user's array, because large arrays are not copied. Send it, do not keep it. */
  readonly bytes: Uint8Array;
}

/** The transitive closure of one class or function, ready to be loaded in another process. */
export interface CodePackage {
  readonly kind: 'source';
  /** sha256 (hex) of `code`. */
  readonly hash: string;
  /** One CommonJS module, with its source map in a comment. */
  readonly code: Uint8Array;
  /** The same source map as JSON; sources are cell ids, or absolute paths of bundled files. */
  readonly map: string;
  readonly values: readonly ValueBlob[];
  /** The notebook's folder: packages are resolved from it. */
  readonly folder: string;
  readonly exportName: string;
  /** What the user should know, e.g. that `counter` is a snapshot. Each note is given once per session. */
  readonly notes: readonly string[];
}

/** The part of a deployment's spec that says how to load its code from the blobs. */
export type CodeRef = (SourceRef | ModuleRef | BuiltinRef) & {
  /** Its routes answer HTTP (`nbserve/ingress`). */ readonly ingress?: true;
  /**
   * Name of a module of nbserve (`nameOfOwnModule`) that exports `wrap`: a function that gets the user's class or function, and returns the one that the replica runs.
   * Workers of a pool have one.
   */
  readonly wrapper?: string;
};

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
  /** The name with which the module defines it, for messages. */
  readonly deployment: string;
  /** How the definition is found. Absent in checkpoints of an older nbserve. */
  readonly definition?: DefinitionRef;
}

/** A class of nbserve itself. */
export interface BuiltinRef {
  readonly kind: 'builtin';
  /** Its name. It has no blob. */
  readonly hash: string;
  /** Name of the module that exports it under its name (`nameOfOwnModule`), unless the replica finds it by its name alone. */
  readonly module?: string;
  /** Working folder of its replicas. */
  readonly folder: string;
}

/** Which of the definitions of a module it is. */
export interface DefinitionRef {
  /** `path:line:column` of the calls that led to the definition, the innermost first. */
  readonly sites: readonly string[];
  /** One call can define both: what is deployed, and the policy in its options. */
  readonly role: 'target' | 'policy';
  /** The hash of the local variables that it uses, and of its name, parameters and methods. */
  readonly captured: string;
  /** True if equal hashes mean equal values. */
  readonly isCertain: boolean;
  /** How many definitions with the same place and hash came before it. If equal values are certain, only different codes are counted. */
  readonly order: number;
  /** True if no other definition of the same place has its name. */
  readonly isOnlyOfName: boolean;
}

/** The reference to a package. */
export function refOf(pack: CodePackage): SourceRef {
  return {
    kind: 'source',
    hash: pack.hash,
    values: pack.values.map(({ name, hash }) => ({ name, hash })),
    folder: pack.folder,
    exportName: pack.exportName,
  };
}

/** What a {@link SourceRegistry} needs to know about its notebook. */
export interface SourceRegistryOptions {
  /** The notebook's folder. */
  readonly folder: string;
  /** The current value of a notebook global; undefined if there is none. It may throw if the global is not initialised yet. */
  readonly lookup: (name: string) => unknown;
  /** True if a notebook global has a value, which may be undefined. Default: one that is undefined has none. */
  readonly has?: (name: string) => boolean;
  /** Names that exist in every cell, each with the module that exports it: `{ serve: 'nbserve', onnx: 'nbserve/onnx' }`. */
  readonly globals?: Readonly<Record<string, string>>;
  /** The options in the notebook's `tsconfig.json` that its cells are compiled with. Default: standard decorators, JSX by `React.createElement`. */
  readonly compilerOptions?: () => CompilerOptions | undefined;
  /** The user's own file that code in `folder` imports by `specifier`; undefined for packages. Default: a path means the file that esbuild finds. */
  readonly fileOf?: (folder: string, specifier: string) => string | undefined;
}

/** What the compiler reads of a `tsconfig.json`, such as `experimentalDecorators` and `jsxFactory`. */
export type CompilerOptions = Readonly<Record<string, unknown>>;

/** Packages of its own that code has, besides those of its folder. */
export interface OwnPackages {
  /** The folder in which they are installed. */
  readonly folder: string;
  /** Those that are looked for there, and not in the code's folder. */
  readonly names: readonly string[];
}

/** Is told while the body of user code runs, but not the packages that it uses. */
export interface BodyWatch {
  /** At most until the code that runs now returns or awaits something. */
  begin(): void;
  end(): void;
  /** Runs a package that the body requires. */
  without<T>(run: () => T): T;
}

export interface LoadCodeOptions {
  /** Called with the path of a module's bundle before it is imported. */
  readonly onBundle?: (file: string) => void;
  readonly packages?: OwnPackages;
  readonly body?: BodyWatch;
  /** For a module: resolves when the module's top level waits for something that never comes, such as an inert `serve.run`. The definitions above that exist then. */
  readonly paused?: Promise<unknown>;
  /** For a module: finds the deployment when the module has been loaded or waits. Default: the export with its name. */
  readonly findDeployment?: () => Promise<unknown>;
  /** Finds a class of nbserve itself by its name. */
  readonly findBuiltin?: (name: string) => Promise<unknown>;
}

/** A `require` that resolves from a folder. */
export interface FolderRequire {
  (id: string): unknown;
  resolve(id: string): string;
}
