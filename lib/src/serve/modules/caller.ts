import { fileURLToPath } from 'node:url';

/** Our compiled files, and their sources: a stack names those where source maps are on. */
const OWN_FOLDERS = [new URL('../..', import.meta.url).href, new URL('../../../src/', import.meta.url).href];

/** The file outside of nbserve that called us, from the stack; `undefined` for code without a file (a notebook cell, `node -e`). */
export function callerFile(): string | undefined {
  for (const line of (new Error().stack ?? '').split('\n').slice(1)) {
    const place = /\(?((?:file:\/\/|\/)[^()]*?):\d+:\d+\)?$/.exec(line)?.[1];
    if (place === undefined) continue;
    const url = place.startsWith('file://') ? place : `file://${place}`;
    if (OWN_FOLDERS.some((folder) => url.startsWith(folder))) continue;
    return fileURLToPath(url);
  }
  return undefined;
}
