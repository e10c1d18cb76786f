import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, realpathSync, renameSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Plugin } from 'esbuild';
import { cacheFolder, privateFolder, shortId } from '../core/index.js';
import { absoluteSources, buildFailure, filesNamedIn, inlineMap, mapOneLineDown, SHARED, withCompiler } from './compile.js';
import { NoSuchExport, ShipModuleFailed } from './errors.js';
import { ownLocation } from './files.js';
import { packageName } from './require.js';
import { isOwn, ownRequire, resolveImport, resolveRequire } from './resolve-import.js';
import { registerCompiled } from './stack.js';
import type { BodyWatch, LoadCodeOptions, ModuleRef } from './types.js';

/** A user's TypeScript or JavaScript file, compiled. */
export interface ModulePackage {
  /** Absolute path of the user's file. */
  readonly file: string;
  /** sha256 (hex) of the bundle. */
  readonly hash: string;
  /** Absolute path of the compiled bundle in the cache. */
  readonly bundle: string;
  /** Absolute paths of the files that it was compiled from. */
  readonly files: readonly string[];
}

/** By this key, the body of a bundle finds who wants to know while it runs. Its static imports have run before. */
const BODY = Symbol.for('nbserve.body');
const tellBody = (what: 'begin' | 'end'): string => `globalThis[Symbol.for('nbserve.body')]?.${what}();`;

/** @throws NBS_UNSAFE_FOLDER if somebody else could replace a bundle after its hash was checked */
const bundlePath = (hash: string): string => join(privateFolder(cacheFolder('modules')), `${hash}.mjs`);

/** Marks a question to the compiler itself. */
const ASKED = Symbol('asked');

/**
 * Leaves packages out of the bundle. Each is imported by its file, as resolved from the importing file's folder, because the bundle is in another folder.
 * @param own packages that are imported by their names; the bundle is put into a folder from which they can be found
 */
const packagesByFile = (own: readonly string[]): Plugin => ({
  name: 'packages-by-file',
  setup(build) {
    build.onResolve({ filter: /^[^./#]/ }, async ({ path, resolveDir, kind, importer, pluginData }) => {
      if (kind === 'entry-point' || pluginData === ASKED) return undefined;
      if (isBuiltin(path) || /^(file|data|https?):/.test(path)) return { path, external: true };
      if (own.includes(packageName(path)) && !isOwn(path)) return { path, external: true };
      const isRequired = kind.startsWith('require');
      const file = isOwn(path) ? ownRequire.resolve(path) : packageFile(path, resolveDir, isRequired);
      if (file === undefined) {
        // It may be a file of the user's by `paths` of a tsconfig.json, which the compiler knows. A package may be missing until the import runs.
        if (kind !== 'dynamic-import') return undefined;
        const { errors } = await build.resolve(path, { kind, importer, resolveDir, pluginData: ASKED });
        return errors.length === 0 ? undefined : { path, external: true };
      }
      if (file.endsWith('.json')) return { path: file };
      const source = workspaceSource(file);
      if (source !== undefined) return { path: source };
      return { path: isRequired ? file : pathToFileURL(file).href, external: true };
    });
  },
});

/** A package may have one file for `import` and another for `require`. Undefined if there is none. */
function packageFile(id: string, folder: string, isRequired: boolean): string | undefined {
  if (!isRequired) return resolveImport(id, folder);
  try {
    return resolveRequire(id, folder);
  } catch {
    return undefined;
  }
}

/**
 * The TypeScript file of a package that is a link to a folder of the user's (a workspace). It is bundled like the user's other files, because Node could
 * not run it.
 */
function workspaceSource(file: string): string | undefined {
  if (!/\.[cm]?tsx?$/.test(file)) return undefined;
  try {
    const path = realpathSync(file);
    return path.includes(`${sep}node_modules${sep}`) ? undefined : path;
  } catch {
    return undefined;
  }
}

/**
 * Compiles a file, the files that it imports by relative path, and the TypeScript of packages that are links to folders of the user's. The bundle is put
 * into the cache.
 * @param own packages that the deployment has of its own, which the bundle imports by their names
 * @throws NBS_MODULE_FAILED, whose `files` are those that may mend it
 */
export async function compileModule(file: string, own: readonly string[] = []): Promise<ModulePackage> {
  const path = resolve(file);
  const folder = dirname(path);
  const { loader: _, tsconfigRaw: __, ...shared } = SHARED;
  const result = await withCompiler(({ build }) =>
    build({
      ...shared,
      entryPoints: [path],
      absWorkingDir: folder,
      outdir: folder,
      bundle: true,
      platform: 'node',
      // A deployment has its class's name, and esbuild renames a class that has the same name as its variable.
      keepNames: true,
      format: 'esm',
      sourcemap: 'external',
      write: false,
      metafile: true,
      banner: { js: tellBody('begin') },
      footer: { js: tellBody('end') },
      plugins: [ownLocation, packagesByFile(own)],
    }),
  ).catch((error: unknown) => {
    const failure = ShipModuleFailed({ file: path, reason: buildFailure(error) }, error);
    throw Object.defineProperty(failure, 'files', { value: [path, ...filesNamedIn(error, folder)] });
  });
  const text = (suffix: string): string => result.outputFiles.find((output) => output.path.endsWith(suffix))?.text ?? '';
  const { code: whole, map } = withRequire(text('.js'), text('.map'), path, own);
  const code = `${whole}${inlineMap(absoluteSources(map, folder))}`;
  const hash = createHash('sha256').update(code).digest('hex');
  const bundle = bundlePath(hash);
  if (!isBundle(bundle, hash)) writeWhole(bundle, code);
  const files = Object.keys(result.metafile.inputs).map((input) => resolve(folder, input));
  return { file: path, hash, bundle, files };
}

/** Adds a `require` to a bundle: it is an ES module, and the CommonJS files in it require packages. */
function withRequire(
  code: string,
  map: string,
  file: string,
  own: readonly string[],
): { readonly code: string; readonly map: string } {
  if (!code.includes('Dynamic require of "')) return { code, map };
  const usual = `__nbsRequire(${JSON.stringify(file)})`;
  const names = JSON.stringify(own.flatMap((name) => [name, `${name}/`]));
  const isOfOwn = `${names}.some((name) => id === name || (name.endsWith('/') && String(id).startsWith(name)))`;
  const both = `Object.assign((id) => (${isOfOwn} ? __nbsRequire(import.meta.url) : ${usual})(id), ${usual})`;
  const made = own.length === 0 ? usual : both;
  const require = `import { createRequire as __nbsRequire } from 'node:module'; const require = ${made};\n`;
  return { code: `${require}${code}`, map: mapOneLineDown(map) };
}

/** True if the bundle exists and has the hash in its name. A file that was damaged is written again. */
function isBundle(file: string, hash: string): boolean {
  try {
    return createHash('sha256').update(readFileSync(file)).digest('hex') === hash;
  } catch {
    return false;
  }
}

// Two processes may compile the same file at once, so each writes a file of its own and renames it.
function writeWhole(file: string, text: string | Uint8Array): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.${shortId()}`;
  writeFileSync(draft, text, { mode: 0o600 });
  renameSync(draft, file);
}

async function load(bundle: string): Promise<Readonly<Record<string, unknown>>> {
  const url = pathToFileURL(bundle).href;
  registerCompiled(url, () => readFileSync(bundle, 'utf8'));
  return (await import(url)) as Record<string, unknown>;
}

/**
 * Imports a compiled file and returns its exports.
 * @throws what the file throws
 */
export function importModule({ bundle }: ModulePackage): Promise<Readonly<Record<string, unknown>>> {
  return load(bundle);
}

/** Is called in a replica: imports the bundle of a module, from the cache or from the blob, and finds the deployment in it. */
export async function importBundle(
  ref: ModuleRef,
  readBlob: (hash: string) => Uint8Array,
  options: LoadCodeOptions,
): Promise<unknown> {
  const { packages, body } = options;
  (globalThis as { [BODY]?: BodyWatch | undefined })[BODY] = body;
  // The bundle imports packages of its own by name, which Node resolves from the bundle's folder.
  const bundle = packages === undefined ? bundlePath(ref.hash) : join(packages.folder, `nbserve-${ref.hash}.mjs`);
  if (!isBundle(bundle, ref.hash)) writeWhole(bundle, await sentOrCompiled(ref, readBlob, packages?.names));
  options.onBundle?.(bundle);
  const loading = load(bundle);
  const paused = options.paused?.then((): Readonly<Record<string, unknown>> => ({}));
  const exports = await (paused === undefined ? loading : Promise.race([loading, paused]));
  if (options.findDeployment !== undefined) return options.findDeployment();
  const found = exports[ref.deployment];
  if (found !== undefined) return found;
  throw NoSuchExport({ file: basename(ref.file), name: ref.deployment, valid: Object.keys(exports).join(', ') || 'nothing' });
}

async function sentOrCompiled(
  ref: ModuleRef,
  readBlob: (hash: string) => Uint8Array,
  own: readonly string[] | undefined,
): Promise<Uint8Array> {
  try {
    return readBlob(ref.hash);
  } catch {
    const compiled = await compileModule(ref.file, own);
    if (compiled.hash === ref.hash) return readFileSync(compiled.bundle);
    throw ShipModuleFailed({ file: ref.file, reason: 'it changed since it was deployed; deploy it again' });
  }
}
