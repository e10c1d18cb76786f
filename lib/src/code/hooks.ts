/** Names of what the loader hands to a shipped module. */
export const HOOKS = {
  value: '__nbs_value',
  sources: '__nbs_sources',
  preload: '__nbs_preload',
  global: '__nbs_global',
  import: '__nbs_import',
} as const;

/** Names of a package's blobs. */
export const BLOBS = { graph: 'graph', files: 'files', buffer: (n: number): string => `buffer-${n}` } as const;

/** A module by path: its code goes along. */
export const isRelative = (module: string): boolean => /^\.{0,2}\//.test(module);

/** First line of a package's code: what the loader has to know before it runs it. */
export interface Header {
  /** Modules to load with `import()` before the module runs. */
  readonly preload: readonly string[];
  /** Names in the module that aren't the user's. */
  readonly renamed: Readonly<Record<string, string>>;
}

export const HEADER = '//nbserve ';
