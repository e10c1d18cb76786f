import type { CodeRef, LoadOptions } from './types.js';

/** Loads shipped code and returns the class or function. */
export async function loadCode(
  _ref: CodeRef,
  _readBlob: (hash: string) => Uint8Array,
  _options: LoadOptions = {},
): Promise<(...args: never[]) => unknown> {
  throw new Error('not yet');
}
