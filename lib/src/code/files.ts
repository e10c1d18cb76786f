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

/** Replaces `import.meta.url`, `.dirname` and `.filename` by the values that they have in the file itself. */
export const ownLocation: Plugin = {
  name: 'own-location',
  setup(build) {
    build.onLoad({ filter: /\.[cm]?[jt]s$/ }, async ({ path }) => {
      const read = await readFile(path, 'utf8');
      const source = bracketDeleteDecorators(read);
      if (source === read && !source.includes('import.meta')) return undefined;
      const values: Record<string, string> = { url: pathToFileURL(path).href, dirname: dirname(path), filename: path };
      const contents = source.replace(/\bimport\.meta\.(url|dirname|filename)\b/g, (_, key: string) =>
        JSON.stringify(values[key]),
      );
      return { contents, loader: extname(path).replace(/^\.[cm]?/, '') as Loader };
    });
  },
};
