import { statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Loader, Plugin } from 'esbuild';
import { absoluteSources, buildFailure, inlineMap, NAME, SHARED, withCompiler } from './compile.js';
import { bracketDeleteDecorators } from './delete-decorators.js';
import { CannotShip } from './errors.js';

interface Cached {
  readonly code: string;
  /** The user's files in the bundle, each with its state at that time. */
  readonly stamps: ReadonlyMap<string, string>;
}

const cache = new Map<string, Cached>();
const CACHED = 16;

/**
 * Bundles the files that cells import by path, and the files that those import by path, into one CommonJS module. It exports `files`, by the path that
 * the cell wrote. Packages are not in the bundle. A file runs when it is first required.
 * @throws NBS_CANNOT_SHIP
 */
export async function bundleFiles(paths: readonly string[], folder: string): Promise<string> {
  const key = JSON.stringify([folder, paths]);
  const known = cache.get(key);
  if (known && [...known.stamps].every(([file, stamp]) => stampOf(file) === stamp)) return known.code;
  const { loader, ...shared } = SHARED;
  const entries = paths
    .map((path) => JSON.stringify(path))
    .map((path) => `${path}: { now: () => require(${path}), later: () => import(${path}) }`);
  const result = await withCompiler(({ build }) =>
    build({
      ...shared,
      stdin: { contents: `exports.files = { ${entries.join(', ')} };`, loader: 'js', resolveDir: folder, sourcefile: NAME },
      absWorkingDir: folder,
      outdir: folder,
      bundle: true,
      keepNames: true,
      packages: 'external',
      platform: 'node',
      format: 'cjs',
      sourcemap: 'external',
      write: false,
      metafile: true,
      plugins: [ownLocation],
    }),
  ).catch((error: unknown) => {
    throw CannotShip({ chain: `a file that a cell imports cannot be compiled: ${buildFailure(error)}` }, error);
  });
  const text = (suffix: string): string => result.outputFiles.find((file) => file.path.endsWith(suffix))?.text ?? '';
  const code = `${text('.js')}${inlineMap(absoluteSources(text('.map'), folder))}`;
  const inputs = Object.keys(result.metafile.inputs).filter((input) => input !== NAME);
  cache.set(key, { code, stamps: new Map(inputs.map((input) => resolve(folder, input)).map((file) => [file, stampOf(file)])) });
  for (const oldest of cache.keys()) if (cache.size > CACHED) cache.delete(oldest);
  return code;
}

function stampOf(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat ? `${stat.mtimeMs}:${stat.size}` : '';
}

/** Code that may ask for its own place. */
const PLACE = /\bimport\s*\.\s*meta\b|\b__(?:file|dir)name\b/;
/** What must stay at the beginning of a file: the line for a shell, and a directive. */
const FRONT = /^(?:#!.*\n)?(?:\s*(['"])use strict\1)?/;

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
      return { contents, loader: extname(path).replace(/^\.[cm]?/, '') as Loader };
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
