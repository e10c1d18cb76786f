/** Names of what the loader hands to a shipped module. */
export const HOOKS = {
  value: '__nbs_value',
  sources: '__nbs_sources',
  preload: '__nbs_preload',
  global: '__nbs_global',
  import: '__nbs_import',
} as const;

/** First line of a package's code: what the loader has to know before it runs it. */
export interface Header {
  /** Modules to load with `import()` before the module runs. */
  readonly preload: readonly string[];
  /** Names in the module that aren't the user's. */
  readonly renamed: Readonly<Record<string, string>>;
}

export const HEADER = '//nbserve ';
