import type { CodeRef } from '../../code/index.js';

/** The names of the blobs from which code is loaded. */
export function blobsOf(code: CodeRef): readonly string[] {
  if (code.kind === 'builtin') return [];
  return [code.hash, ...(code.kind === 'source' ? code.values.map(({ hash }) => hash) : [])];
}
