import { createRequire, isBuiltin } from 'node:module';
import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';

/**
 * `import.meta` of a cell, or of a file beside the notebook.
 * @param side the notebook's own file that a specifier means, if it is one
 */
export function importMeta(filename: string, side: (specifier: string) => string | undefined): Record<string, unknown> {
  const { href: url } = pathToFileURL(filename);
  const resolve = (specifier: string): string => {
    if (isBuiltin(specifier)) return specifier.startsWith('node:') ? specifier : `node:${specifier}`;
    const own = side(specifier);
    if (own !== undefined) return pathToFileURL(own).href;
    if (/^\.{0,2}\//.test(specifier) || /^[a-z][a-z+.-]+:/i.test(specifier)) return new URL(specifier, url).href;
    return pathToFileURL(createRequire(filename).resolve(specifier)).href;
  };
  return { url, dirname: dirname(filename), filename, resolve };
}
