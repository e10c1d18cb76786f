/** What esbuild says if its process has ended, or if somebody who waited for it was ended. */
const ENDED = /The service (is no longer running|was stopped)|Internal error: Expected id/;

/**
 * Whether the compiler failed because its process has ended: the system had no memory left, or somebody ended it. Until its `stop` is called, it starts no
 * other one.
 */
export const isCompilerGone = (error: unknown): boolean => error instanceof Error && ENDED.test(error.message);
