import { createRequire, isBuiltin } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { compileFunction, constants } from 'node:vm';
import { AsyncPackage, PackageNotFound } from './errors.js';
import { isOwn, ownRequire, resolveRequire } from './resolve-import.js';
import type { FolderRequire, OwnPackages } from './types.js';

const isBare = (id: string): boolean => !/^(\.{0,2}\/|\.{1,2}$|file:|data:)/.test(id) && !isBuiltin(id);

export const packageName = (id: string): string => /^(?:@[^/]+\/)?[^/]+/.exec(id)?.[0] ?? id;

/**
 * A `require` that resolves packages from `folder`: CommonJS, ESM-only, and packages whose `exports` have only `import`. For `nbserve`, it returns the
 * running one.
 * @throws NBS_PACKAGE_NOT_FOUND, NBS_ASYNC_PACKAGE
 */
export function requireFrom(folder: string): FolderRequire {
  const home = resolve(folder);
  const base = createRequire(join(home, 'noop.js'));
  const find = (id: string): string => {
    if (isOwn(id)) return ownRequire.resolve(id);
    try {
      return resolveRequire(id, home);
    } catch (error) {
      throw explained(error, id, home);
    }
  };
  const load = (id: string): unknown => {
    const file = find(id);
    try {
      return quietly(() => base(file));
    } catch (error) {
      throw explained(error, id, home);
    }
  };
  return Object.assign(load, { resolve: find, cache: base.cache, extensions: base.extensions, main: base.main });
}

/**
 * `import()` that resolves from `folder`; it also takes packages with top-level await.
 * @throws NBS_PACKAGE_NOT_FOUND
 */
export function importFrom(folder: string): (id: string) => Promise<Record<string, unknown>> {
  const home = resolve(folder);
  const load = compileFunction('return import(id)', ['id'], {
    filename: join(home, 'noop.mjs'),
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER as never,
  }) as (id: string) => Promise<Record<string, unknown>>;
  return async (id) => {
    try {
      return await quietly(() => load(isOwn(id) ? pathToFileURL(ownRequire.resolve(id)).href : String(id)));
    } catch (error) {
      throw explained(error, String(id), home);
    }
  };
}

/** A `require` for the code of a deployment, which may have packages of its own besides those of its folder. */
export function requireWith(folder: string, own: OwnPackages | undefined): FolderRequire {
  const usual = requireFrom(folder);
  if (own === undefined) return usual;
  const first = requireFrom(own.folder);
  const choose = (id: string): FolderRequire => (own.names.includes(packageName(id)) ? first : usual);
  return Object.assign((id: string): unknown => choose(id)(id), usual, { resolve: (id: string) => choose(id).resolve(id) });
}

/** The same for `import()`. */
export function importWith(folder: string, own: OwnPackages | undefined): ReturnType<typeof importFrom> {
  const usual = importFrom(folder);
  if (own === undefined) return usual;
  const first = importFrom(own.folder);
  return (id) => (own.names.includes(packageName(String(id))) ? first(id) : usual(id));
}

const codeOf = (error: unknown): unknown => (error as { code?: unknown } | null)?.code;

/** The error for a package that cannot be loaded, which says what to do. Other errors are returned as they are. */
function explained(error: unknown, id: string, folder: string): unknown {
  const code = codeOf(error);
  if (code === 'ERR_REQUIRE_ASYNC_MODULE') return AsyncPackage({ id }, error);
  const message = error instanceof Error ? error.message : '';
  const isItself = message.includes(`'${id}'`) || message.includes(`'${packageName(id)}'`);
  if ((code === 'MODULE_NOT_FOUND' || code === 'ERR_MODULE_NOT_FOUND') && isBare(id) && isItself) {
    return PackageNotFound({ name: packageName(id), folder }, error);
  }
  return error;
}

// Node 20 prints warnings for `require` of an ES module and for `import()` in compiled text. A user can do nothing about them, so they are not printed.
function quietly<T>(load: () => T): T {
  const emit = process.emitWarning;
  process.emitWarning = ((warning: string | Error, ...rest: unknown[]) => {
    const options = rest[0] as string | { type?: string } | undefined;
    const type = typeof options === 'object' ? options.type : options;
    if (type === 'ExperimentalWarning' && /ES Module|USE_MAIN_CONTEXT_DEFAULT_LOADER/.test(String(warning))) return;
    (emit as (...args: unknown[]) => void).call(process, warning, ...rest);
  }) as typeof process.emitWarning;
  try {
    return load();
  } finally {
    process.emitWarning = emit;
  }
}
