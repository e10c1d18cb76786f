/** A user's TypeScript file, compiled. */
export interface ModulePackage {
  readonly file: string;
  readonly hash: string;
  /** Absolute path of the compiled bundle in the cache. */
  readonly bundle: string;
}

export async function compileModule(_file: string): Promise<ModulePackage> {
  throw new Error('not yet');
}

/** Compiles and imports a user's file. */
export async function importModule(
  _file: string,
): Promise<ModulePackage & { readonly exports: Readonly<Record<string, unknown>> }> {
  throw new Error('not yet');
}
