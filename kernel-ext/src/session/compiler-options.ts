/**
 * What cells are compiled with, over what tslab has; `lib/docs/adr/0006-typescript-in-cells.md` says why.
 * Values are numbers of TypeScript 5.0's enums.
 */
export function compilerOptions(
  typeRoots: readonly string[],
  paths: Readonly<Record<string, string[]>>,
): Record<string, unknown> {
  return {
    moduleResolution: 100, // Bundler: `exports`-only packages resolve
    target: 9, // ES2022
    lib: ['lib.es2023.d.ts'],
    experimentalDecorators: false,
    disableTopLevelAwait: false,
    allowImportingTsExtensions: true,
    // The notebook's folder, which tslab takes, would leave out the files above it.
    rootDir: '/',
    inlineSourceMap: true,
    strict: true,
    strictPropertyInitialization: false,
    useUnknownInCatchVariables: false,
    typeRoots: [...typeRoots],
    types: ['node'],
    paths,
    pathsBasePath: '/',
  };
}

/** Complaints about implicit `any`. The checker runs with `noImplicitAny` so that `const xs = []` grows its type; learners are not told to annotate. */
export function isSilenced(code: number): boolean {
  return code >= 7005 && code <= 7056;
}
