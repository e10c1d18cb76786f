/** The endings of files with TypeScript. */
export const TYPED_ENDINGS = ['.ts', '.tsx', '.mts', '.cts'] as const;

/** The endings of files with code, in the order in which a name without an ending is looked up. */
export const CODE_ENDINGS = [...TYPED_ENDINGS, '.js', '.jsx', '.mjs', '.cjs'] as const;
