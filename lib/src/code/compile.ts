import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import type { BuildOptions, OutputFile } from 'esbuild';
import { CannotShip } from './errors.js';
import { ownLocation } from './own-location.js';

/** JavaScript with its map. `inputs` are the user's files that went in. */
export interface Compiled {
  readonly code: string;
  readonly map: string;
  readonly inputs: readonly string[];
}

// esbuild is loaded when it is first needed: most processes of a cluster never compile.
let loading: Promise<typeof import('esbuild')> | undefined;
export const esbuild = (): Promise<typeof import('esbuild')> => {
  loading ??= import('esbuild');
  return loading;
};

/** Starts the compiler in the background, so that the first pack doesn't wait for it. */
export function warm(): void {
  void esbuild().then(
    ({ transform }) => transform('@d class A {}', SHARED).catch(() => undefined),
    () => undefined,
  );
}

/** What both ways of shipping compile with: the decorators and fields of the standard, whatever a tsconfig nearby says. */
export const SHARED = {
  target: `node${process.versions.node}`,
  loader: 'ts',
  charset: 'utf8',
  legalComments: 'none',
  sourcesContent: false,
  logLevel: 'silent',
  tsconfigRaw: '{"compilerOptions":{"target":"ES2022","useDefineForClassFields":true}}',
} as const;

interface Cached {
  readonly compiled: Compiled;
  readonly stamps: readonly string[];
}

const cache = new Map<string, Cached>();
const CACHED = 64;

/**
 * Compiles a TypeScript module to CommonJS. Relative imports go into it; packages stay `require`s.
 * @param map from the module to the cells; composed into the result's
 */
export async function compile(text: string, map: string, folder: string): Promise<Compiled> {
  const key = createHash('sha256').update(folder).update('\0').update(text).update('\0').update(map).digest('hex');
  const known = cache.get(key);
  if (known?.stamps.every((stamp, i) => stampOf(known.compiled.inputs[i] as string) === stamp)) return known.compiled;
  const compiled = await build(text, map, folder);
  cache.delete(key);
  cache.set(key, { compiled, stamps: compiled.inputs.map(stampOf) });
  for (const oldest of cache.keys()) if (cache.size > CACHED) cache.delete(oldest);
  return compiled;
}

function stampOf(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat ? `${stat.mtimeMs}:${stat.size}` : '';
}

const NAME = '<notebook>';

async function build(text: string, map: string, folder: string): Promise<Compiled> {
  const { build: run } = await esbuild();
  const url = `data:application/json;base64,${Buffer.from(map).toString('base64')}`;
  const { loader, ...shared } = SHARED;
  const options = {
    ...shared,
    stdin: { contents: `${text}\n//# sourceMappingURL=${url}`, loader, resolveDir: folder, sourcefile: NAME },
    absWorkingDir: folder,
    outdir: folder,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'cjs',
    sourcemap: 'external',
    write: false,
    metafile: true,
    plugins: [ownLocation],
  } satisfies BuildOptions;
  const result = await run(options).catch((error: unknown) => {
    throw CannotShip({ chain: buildFailure(error) }, error);
  });
  const inputs = Object.keys(result.metafile.inputs).filter((input) => input !== NAME);
  return {
    code: textOf(result.outputFiles, '.js'),
    map: namedSources(textOf(result.outputFiles, '.map'), folder, new Set((JSON.parse(map) as { sources: string[] }).sources)),
    inputs: inputs.map((input) => resolve(folder, input)),
  };
}

const textOf = (files: readonly OutputFile[], suffix: string): string =>
  files.find((file) => file.path.endsWith(suffix))?.text ?? '';

/** esbuild writes sources as relative URLs: cells get their ids back, files their absolute paths. */
export function namedSources(map: string, folder: string, cells: ReadonlySet<string>): string {
  const parsed = JSON.parse(map) as { sources: string[]; file?: string };
  parsed.sources = parsed.sources.map((source) => {
    const path = resolve(folder, decodeURIComponent(source));
    const name = relative(folder, path);
    return cells.has(name) ? name : path;
  });
  return JSON.stringify(parsed);
}

export function buildFailure(error: unknown): string {
  const errors =
    (error as { errors?: readonly { text: string; location?: { file: string; line: number; lineText: string } | null }[] })
      .errors ?? [];
  const first = errors[0];
  if (!first) return error instanceof Error ? error.message : String(error);
  const where = first.location && first.location.file !== NAME ? ` (${first.location.file}:${first.location.line})` : '';
  const line = first.location?.lineText.trim();
  return `${first.text}${where}${line ? ` in \`${line}\`` : ''}`;
}
