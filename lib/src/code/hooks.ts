/** The names of the functions that the loader gives to a shipped module. */
export const HOOKS = {
  value: '__nbs_value',
  sources: '__nbs_sources',
  preload: '__nbs_preload',
  global: '__nbs_global',
  import: '__nbs_import',
} as const;

/** The names of a package's blobs. */
export const BLOBS = { graph: 'graph', files: 'files', buffer: (n: number): string => `buffer-${n}` } as const;

/** True for a module that is imported by path. Its code is shipped too. */
export const isRelative = (module: string): boolean => /^\.{0,2}\//.test(module);

/** The first line of a package's code: what the loader must know before it runs the code. */
export interface Header {
  /** Modules to load with `import()` before the module runs. */
  readonly preload: readonly string[];
  /** The names in the module that are not the user's, each with the user's name. */
  readonly renamed: Readonly<Record<string, string>>;
}

export const HEADER = '//nbserve ';
