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

/** A key that is written down, as in `user['nmae']`, and that the object does not have. */
const WRITTEN_KEY = /expression of type '(?:"(?:[^"\\]|\\.)*"|-?[\d.]+)' can't be used to index type '(?!typeof globalThis)/;
/** The object has no such key, and the message does not say what the key is: an index of an array, and what a method such as `get` would find. */
const KEY_UNNAMED = new Set([7015, 7052]);
const ENDS_IN_LITERAL = /(?:^|\[\s*)(?:"[^"]*"|'[^']*'|`[^`$]*`|[\d.]+)\s*\]?$/;

/**
 * Complaints about implicit `any`. The checker runs with `noImplicitAny` so that `const xs = []` grows its type; learners are not told to annotate. A key
 * that is written down is checked all the same: `user['nmae']` is as wrong as `user.nmae`.
 * @param place the code that the message is about; undefined if it is not known
 */
export function isSilenced(code: number, message: string, place?: () => string): boolean {
  if (code < 7005 || code > 7056) return false;
  if (code === 7053) return !WRITTEN_KEY.test(message);
  return !KEY_UNNAMED.has(code) || place === undefined || !ENDS_IN_LITERAL.test(place());
}
