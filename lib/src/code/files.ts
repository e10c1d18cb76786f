import { statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { dirname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ImportKind, Metafile, Plugin } from 'esbuild';
import { absoluteSources, buildFailure, inlineMap, mapOneLineDown, NAME, SHARED, STRICT, withCompiler } from './compile.js';
import { bracketDeleteDecorators } from './delete-decorators.js';
import { CannotShip } from './errors.js';
import { HOOKS } from './hooks.js';
import { requireFrom } from './require.js';
import { isOwn, resolveImport } from './resolve-import.js';
import type { SourceRegistryOptions } from './types.js';

/** The user's files in one text. */
interface BundledFiles {
  readonly code: string;
  /** True if one of them awaits at its top level. All that are imported must then be loaded before the code that uses them. */
  readonly awaits: boolean;
}

interface Cached extends BundledFiles {
  /** The user's files in the bundle, each with its state at that time. */
  readonly stamps: ReadonlyMap<string, string>;
  readonly found: readonly Found[];
}

/** What an import in a file of a folder meant. */
type Found = readonly [folder: string, specifier: string, file: string | undefined];
type Place = Pick<SourceRegistryOptions, 'folder' | 'fileOf'>;

const cache = new Map<string, Cached>();
const CACHED = 16;

/**
 * Bundles the user's files that cells import, and those that they import, into one CommonJS module. It exports `files`, by the specifier that the cell
 * wrote. Packages are not in the bundle. A file runs when it is first required.
 * @param tsconfig the text of a `tsconfig.json`
 * @throws NBS_CANNOT_SHIP
 */
export async function bundleFiles(specifiers: readonly string[], place: Place, tsconfig: string): Promise<BundledFiles> {
  const { folder, fileOf } = place;
  const key = JSON.stringify([folder, specifiers, tsconfig]);
  const known = cache.get(key);
  const isSame =
    known?.found.every(([from, specifier, file]) => fileOf?.(from, specifier) === file) === true &&
    [...known.stamps].every(([file, stamp]) => stampOf(file) === stamp);
  if (known && isSame) return known;
  const built = await bundle(specifiers, place, tsconfig, false)
    .catch((error: unknown) => {
      if (!/top-level await/i.test(String(error))) throw error;
      return bundle(specifiers, place, tsconfig, true);
    })
    .catch((error: unknown) => {
      throw CannotShip({ chain: `a file that a cell imports cannot be compiled: ${buildFailure(error)}` }, error);
    });
  cache.set(key, built);
  for (const oldest of cache.keys()) if (cache.size > CACHED) cache.delete(oldest);
  return built;
}

async function bundle(specifiers: readonly string[], place: Place, tsconfig: string, awaits: boolean): Promise<Cached> {
  const { folder } = place;
  const { loader, ...shared } = SHARED;
  const found: Found[] = [];
  const entry = (id: string): string =>
    awaits ? `${id}: { later: () => marked(import(${id})) }` : `${id}: { now: () => require(${id}), later: () => import(${id}) }`;
  const entries = specifiers.map((specifier) => entry(JSON.stringify(specifier)));
  const contents = `${awaits ? MARKED : ''}${awaits ? HOOKS.exports : 'exports'}.files = { ${entries.join(', ')} };`;
  const result = await withCompiler(({ build }) =>
    build({
      ...shared,
      loader: { '.js': 'jsx' },
      tsconfigRaw: tsconfig,
      stdin: { contents, loader: 'js', resolveDir: folder, sourcefile: NAME },
      absWorkingDir: folder,
      outdir: folder,
      bundle: true,
      keepNames: true,
      packages: 'external',
      platform: 'node',
      // The compiler allows a top-level await only in an ES module. This one imports nothing and exports nothing, so it can run as a script.
      format: awaits ? 'esm' : 'cjs',
      sourcemap: 'external',
      write: false,
      metafile: true,
      plugins: [asInNotebook(place, found, awaits), ownLocation],
    }),
  );
  const text = (suffix: string): string => result.outputFiles.find((file) => file.path.endsWith(suffix))?.text ?? '';
  const map = absoluteSources(text('.map'), folder);
  const code = areStrict(result.metafile)
    ? `${STRICT}\n${text('.js')}${inlineMap(mapOneLineDown(map))}`
    : `${text('.js')}${inlineMap(map)}`;
  const inputs = Object.keys(result.metafile.inputs).filter((input) => input !== NAME);
  const stamps = new Map(inputs.map((input) => resolve(folder, input)).map((file) => [file, stampOf(file)]));
  return { code, awaits, stamps, found };
}

/**
 * Whether Node would run each of the files in strict mode: TypeScript and ES modules. The compiler adds no directive for them, and it puts their functions
 * beside those of the other files. So if one of them is CommonJS in JavaScript, the others are not strict either.
 */
const areStrict = ({ inputs }: Metafile): boolean =>
  Object.entries(inputs).every(
    ([file, { format }]) =>
      format === 'esm' || file === NAME || file.startsWith(`${REQUIRED}:`) || /\.(?:[cm]?tsx?|mjs|json)$/.test(file),
  );

/** Marks a namespace as `require` would, because cells that import the file get it from a `require`. */
const MARKED = `const marked = (loading) => loading.then((all) => Object.defineProperty(all, '__esModule', { value: true })); `;

/** Where the modules are that only require a package. */
const REQUIRED = 'required';

/**
 * Finds the user's files as the notebook does, and leaves packages out. Packages are required by their names from the notebook's folder, unless the folder
 * of the importing file has another one.
 */
const asInNotebook = ({ folder, fileOf }: Place, found: Found[], awaits: boolean): Plugin => ({
  name: 'as-in-notebook',
  setup(build) {
    build.onResolve({ filter: /^/ }, ({ path, resolveDir, kind, namespace }) => {
      if (namespace === REQUIRED) return { path, external: true };
      if (kind === 'entry-point') return undefined;
      const file = fileOf?.(resolveDir, path);
      found.push([resolveDir, path, file]);
      if (file !== undefined) return { path: file };
      if (!isBuiltin(path) && /^[./#]|:/.test(path)) return undefined;
      const id = nearerPackage(path, resolveDir, folder, kind) ?? path;
      return awaits && kind === 'import-statement' ? { path: id, namespace: REQUIRED } : { path: id, external: true };
    });
    build.onLoad({ filter: /^/, namespace: REQUIRED }, ({ path }) => ({
      contents: `module.exports = require(${JSON.stringify(path)});`,
    }));
  },
});

/** The file of a package, if code in `from` means another one than code in `folder`. */
function nearerPackage(id: string, from: string, folder: string, kind: ImportKind): string | undefined {
  if (from === folder || isBuiltin(id)) return undefined;
  const isLater = kind === 'dynamic-import';
  const find = (at: string): string | undefined => {
    try {
      return isLater ? resolveImport(id, at) : requireFrom(at).resolve(id);
    } catch {
      return undefined;
    }
  };
  const file = isOwn(id) ? undefined : find(from);
  if (file === undefined || file === find(folder)) return undefined;
  return isLater ? pathToFileURL(file).href : file;
}

function stampOf(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat ? `${stat.mtimeMs}:${stat.size}` : '';
}

/** Code that may ask for its own place. */
const PLACE = /\bimport\s*\.\s*meta\b|\b__(?:file|dir)name\b/;
/** What must stay at the beginning of a file: the line for a shell, and a directive, which may have comments before it. */
const FRONT = /^(?:#!.*\n)?(?:(?:\s|\/\/[^\n]*\n|\/\*[^*]*\*+(?:[^/*][^*]*\*+)*\/)*(['"])use strict\1)?/;

/** Gives each file of a bundle the `import.meta`, `__filename` and `__dirname` that it would have outside of it, unless it declares these names. */
export const ownLocation: Plugin = {
  name: 'own-location',
  setup({ initialOptions, onLoad }) {
    initialOptions.define = {
      ...initialOptions.define,
      'import.meta': '__nbsMeta',
      __filename: '__nbsMeta.filename',
      __dirname: '__nbsMeta.dirname',
    };
    onLoad({ filter: /\.[cm]?[jt]sx?$/, namespace: 'file' }, async ({ path }) => {
      const read = await readFile(path, 'utf8');
      const source = bracketDeleteDecorators(read);
      const isPlaced = PLACE.test(source);
      if (source === read && !isPlaced) return undefined;
      const contents = isPlaced ? source.replace(FRONT, (front) => `${front};${metaOf(path)}`) : source;
      return { contents, loader: 'default' };
    });
  },
};

const RESOLVE = [
  '(id) => {',
  "const { createRequire, isBuiltin } = process.getBuiltinModule('module');",
  "if (isBuiltin(id)) return id.startsWith('node:') ? id : 'node:' + id;",
  'if (/^(\\.{0,2}\\/|[a-z][a-z+.-]+:)/i.test(id)) return new URL(id, url).href;',
  "return process.getBuiltinModule('url').pathToFileURL(createRequire(url).resolve(id)).href;",
  '}',
].join(' ');

/** The declaration is on one line, so that the lines of the file keep their numbers. */
function metaOf(path: string): string {
  const values = [pathToFileURL(path).href, dirname(path), path].map((value) => JSON.stringify(value)).join(', ');
  const meta = `(url, dirname, filename) => ({ url, dirname, filename, resolve: ${RESOLVE} })`;
  return `var __nbsMeta = /* @__PURE__ */ (${meta})(${values});`;
}
