import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { dirname, extname, resolve } from 'node:path';
import { isCompilerGone } from '../core/index.js';
import { bracketDeleteDecorators } from './delete-decorators.js';
import { CannotShip } from './errors.js';
import { HOOKS } from './hooks.js';
import type { CompilerOptions } from './types.js';

/** JavaScript with its source map. */
export interface Compiled {
  readonly code: string;
  readonly map: string;
}

// esbuild is loaded when it is first needed, because most processes of a cluster never compile. For an import, Node would search the file for the names that it
// exports, which takes longer than loading it.
const require = createRequire(import.meta.url);
type Compiler = typeof import('esbuild');
let loading: Promise<Compiler> | undefined;
export const esbuild = (): Promise<Compiler> => {
  loading ??= new Promise<Compiler>((resolve) => resolve(require('esbuild') as Compiler)).catch((error: unknown) => {
    // The next call tries again.
    loading = undefined;
    throw error;
  });
  return loading;
};

let starts = 0;

/** Works with the compiler. If its process has ended, another one is started, and the work is done once more. */
export async function withCompiler<T>(work: (compiler: Compiler) => Promise<T>): Promise<T> {
  const compiler = await esbuild();
  const start = starts;
  return work(compiler).catch(async (error: unknown) => {
    if (!isCompilerGone(error)) throw error;
    // Other work may have started another one meanwhile, which must not be stopped.
    if (start === starts) {
      starts += 1;
      await compiler.stop();
    }
    return work(compiler);
  });
}

/** The compiler options of both ways of shipping, whatever a tsconfig nearby says: standard decorators and fields, unless the notebook has others. */
export const SHARED = {
  target: `node${process.versions.node}`,
  loader: 'ts',
  charset: 'utf8',
  legalComments: 'none',
  sourcesContent: false,
  logLevel: 'silent',
  tsconfigRaw: tsconfigOf({}),
} as const;

/** @param options those of the notebook, which count */
export function tsconfigOf(options: CompilerOptions): string {
  return JSON.stringify({ compilerOptions: { target: 'ES2022', useDefineForClassFields: true, ...options } });
}

const DECORATED = /@[\w$(]/;

const cache = new Map<string, Compiled>();
const CACHED = 64;

/** How the cells of a module are written. */
interface Language {
  readonly isJsx: boolean;
  /** The text of a `tsconfig.json`. */
  readonly tsconfig: string;
}

/**
 * Compiles a TypeScript module to CommonJS. Every import becomes a `require`.
 * @param map the source map from the module to the cells; the result's map leads to the cells too
 * @throws NBS_CANNOT_SHIP
 */
export async function compile(text: string, map: string, { isJsx, tsconfig }: Language): Promise<Compiled> {
  const key = createHash('sha256')
    .update(JSON.stringify([text, map, isJsx, tsconfig]))
    .digest('hex');
  const known = cache.get(key);
  if (known) return known;
  const url = `data:application/json;base64,${Buffer.from(map).toString('base64')}`;
  // `transform` and not `build`, because a bundle renames classes that refer to their own name.
  const options = {
    ...SHARED,
    loader: isJsx ? 'tsx' : 'ts',
    tsconfigRaw: tsconfig,
    define: { 'import.meta': HOOKS.meta },
    // A class expression with decorators would lose its name.
    keepNames: DECORATED.test(text),
    format: 'cjs',
    // Cells are in strict mode in the notebook too, and the compiler does not add this to a module that it makes a CommonJS file of.
    banner: STRICT,
    platform: 'node',
    sourcemap: 'external',
    sourcefile: NAME,
  } as const;
  const mapped = `${bracketDeleteDecorators(text)}\n//# sourceMappingURL=${url}`;
  const compiled = await withCompiler(({ transform }) => transform(mapped, options)).catch((error: unknown) => {
    throw CannotShip({ chain: buildFailure(error) }, error);
  });
  cache.set(key, { code: compiled.code, map: compiled.map });
  for (const oldest of cache.keys()) if (cache.size > CACHED) cache.delete(oldest);
  return compiled;
}

/** Compiles a few expressions at once. Undefined if they cannot be compiled. */
export function compileNow(text: string, { isJsx, options }: { isJsx: boolean; options: CompilerOptions }): string | undefined {
  const { transformSync, stop } = require('esbuild') as Compiler;
  const compileOnce = (): string =>
    transformSync(text, { ...SHARED, loader: isJsx ? 'tsx' : 'ts', tsconfigRaw: tsconfigOf(options) }).code;
  try {
    return compileOnce();
  } catch (error) {
    if (!isCompilerGone(error)) return undefined;
    void stop();
    return compileOnce();
  }
}

/** The directive for strict mode, which must stand above all code. */
export const STRICT = "'use strict';";

/** The name of the module in the compiler's messages. No such file exists. */
export const NAME = '<notebook>';

/** Makes absolute paths from the relative URLs that esbuild writes as sources. */
export function absoluteSources(map: string, folder: string): string {
  const parsed = JSON.parse(map) as { sources: string[] };
  return JSON.stringify({ ...parsed, sources: parsed.sources.map((source) => resolve(folder, decodeURIComponent(source))) });
}

/** Adapts a map to a line that is put above the code. */
export function mapOneLineDown(map: string): string {
  const parsed = JSON.parse(map) as { mappings: string };
  return JSON.stringify({ ...parsed, mappings: `;${parsed.mappings}` });
}

/** The comment that holds a map inside its code. */
export const inlineMap = (map: string): string =>
  `//# sourceMappingURL=data:application/json;base64,${Buffer.from(map).toString('base64')}\n`;

interface Message {
  readonly text: string;
  readonly location?: { readonly file: string; readonly line: number; readonly lineText: string } | null;
}

const messagesIn = (error: unknown): readonly Message[] => (error as { errors?: readonly Message[] }).errors ?? [];

/** The files in which the compiler has found errors, and the paths at which it has looked for others. */
export function filesNamedIn(error: unknown, folder: string): readonly string[] {
  return messagesIn(error).flatMap(({ text, location }) => {
    if (!location) return [];
    const file = resolve(folder, location.file);
    const missing = /^Could not resolve "(\.[^"]*)"/.exec(text)?.[1];
    if (missing === undefined) return [file];
    const path = resolve(dirname(file), missing);
    return [file, path, extname(path) === '' ? `${path}.ts` : path.replace(/\.([cm]?)js$/, '.$1ts')];
  });
}

export function buildFailure(error: unknown): string {
  const first = messagesIn(error)[0];
  if (!first) return error instanceof Error ? error.message : String(error);
  const where = first.location && first.location.file !== NAME ? ` (${first.location.file}:${first.location.line})` : '';
  const line = first.location?.lineText.trim();
  return `${first.text}${where}${line ? ` in \`${line}\`` : ''}`;
}
