import type { SourceRegistryOptions } from './types.js';

/** The names of the functions and objects that the loader gives to a shipped module. */
export const HOOKS = {
  value: '__nbs_value',
  sources: '__nbs_sources',
  preload: '__nbs_preload',
  global: '__nbs_global',
  import: '__nbs_import',
  meta: '__nbs_meta',
  exports: '__nbs_exports',
} as const;

/** The names of a package's blobs. */
export const BLOBS = { graph: 'graph', files: 'files', buffer: (n: number): string => `buffer-${n}` } as const;

const isRelative = (module: string): boolean => /^\.{0,2}\//.test(module);

/** True for a module that is a file of the user's: it is imported by path, or the notebook finds it in another way. Its code is shipped too. */
export const isFile = (module: string, { folder, fileOf }: Pick<SourceRegistryOptions, 'folder' | 'fileOf'>): boolean =>
  isRelative(module) || fileOf?.(folder, module) !== undefined;

/** The first line of a package's code: what the loader must know before it runs the code. */
export interface Header {
  /** Modules to load with `import()` before the module runs. */
  readonly preload: readonly string[];
  /** The names in the module that are not the user's, each with the user's name. */
  readonly renamed: Readonly<Record<string, string>>;
}

export const HEADER = '//nbserve ';
