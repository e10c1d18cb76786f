import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const CONDITIONS = new Set(['node', 'import', 'module-sync', 'node-addons', 'default']);

/** A `require` that resolves nbserve itself: shipped code gets the nbserve that runs it, wherever the notebook is. */
export const ownRequire = createRequire(import.meta.url);
export const isOwn = (id: string): boolean => id === 'nbserve' || id.startsWith('nbserve/');

/** The file that `import` of a package finds from a folder, by the package's `exports`; undefined if there is none. */
export function resolveImport(id: string, folder: string): string | undefined {
  const [, name, rest = ''] = /^((?:@[^/]+\/)?[^/]+)(\/.*)?$/.exec(id) ?? [];
  if (name === undefined) return undefined;
  for (let at = folder; ; at = dirname(at)) {
    const home = join(at, 'node_modules', name);
    if (existsSync(join(home, 'package.json'))) return inPackage(home, `.${rest}`) ?? fallback(id, folder);
    if (dirname(at) === at) return fallback(id, folder);
  }
}

/**
 * The file that `require` of a package finds from a folder. Of a package that offers nothing to `require`, it is the file for `import`.
 * @throws what `require.resolve` throws
 */
export function resolveRequire(id: string, folder: string): string {
  try {
    return createRequire(join(folder, 'noop.js')).resolve(id);
  } catch (error) {
    const isForImport = (error as { code?: unknown } | null)?.code === 'ERR_PACKAGE_PATH_NOT_EXPORTED';
    const file = isForImport ? resolveImport(id, folder) : undefined;
    if (file !== undefined) return file;
    throw error;
  }
}

function fallback(id: string, folder: string): string | undefined {
  try {
    return createRequire(join(folder, 'noop.js')).resolve(id);
  } catch {
    return undefined;
  }
}

function inPackage(home: string, subpath: string): string | undefined {
  const { exports } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as { exports?: unknown };
  if (exports === undefined || exports === null) return undefined;
  const target = fromExports(exports, subpath);
  return target === undefined ? undefined : join(home, target);
}

// https://nodejs.org/api/esm.html#resolution-algorithm-specification, PACKAGE_EXPORTS_RESOLVE
function fromExports(exports: unknown, subpath: string): string | undefined {
  const isMap =
    typeof exports === 'object' &&
    exports !== null &&
    !Array.isArray(exports) &&
    Object.keys(exports).some((key) => key.startsWith('.'));
  if (!isMap) return subpath === '.' ? fromTarget(exports, '') : undefined;
  const map = exports as Record<string, unknown>;
  if (subpath in map && !subpath.includes('*')) return fromTarget(map[subpath], '');
  const patterns = Object.keys(map).filter((key) => key.includes('*'));
  patterns.sort((a, b) => b.indexOf('*') - a.indexOf('*') || b.length - a.length);
  for (const pattern of patterns) {
    const [before = '', after = ''] = pattern.split('*');
    if (subpath.length < pattern.length || !subpath.startsWith(before) || !subpath.endsWith(after)) continue;
    return fromTarget(map[pattern], subpath.slice(before.length, subpath.length - after.length));
  }
  return undefined;
}

function fromTarget(target: unknown, match: string): string | undefined {
  if (typeof target === 'string') return target.startsWith('./') ? target.replaceAll('*', match) : undefined;
  if (typeof target !== 'object' || target === null) return undefined;
  const choices = Array.isArray(target)
    ? target
    : Object.entries(target).flatMap(([key, value]) => (CONDITIONS.has(key) ? [value] : []));
  for (const choice of choices) {
    const found = fromTarget(choice, match);
    if (found !== undefined) return found;
  }
  return undefined;
}
