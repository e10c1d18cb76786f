import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { CannotShip } from './errors.js';
import { loadParser } from './parse.js';

/** JavaScript with its map. */
export interface Compiled {
  readonly code: string;
  readonly map: string;
}

// esbuild is loaded when it is first needed: most processes of a cluster never compile.
let loading: Promise<typeof import('esbuild')> | undefined;
export const esbuild = (): Promise<typeof import('esbuild')> => {
  loading ??= import('esbuild');
  return loading;
};

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

const cache = new Map<string, Compiled>();
const CACHED = 64;

/**
 * Compiles a TypeScript module to CommonJS; every import becomes a `require`.
 * @param map from the module to the cells; composed into the result's
 * @throws NBS_CANNOT_SHIP
 */
export async function compile(text: string, map: string): Promise<Compiled> {
  const key = createHash('sha256').update(text).update('\0').update(map).digest('hex');
  const known = cache.get(key);
  if (known) return known;
  const { transform } = await esbuild();
  const url = `data:application/json;base64,${Buffer.from(map).toString('base64')}`;
  // `transform`, because a bundle renames classes that name themselves.
  const compiled = await transform(`${text}\n//# sourceMappingURL=${url}`, {
    ...SHARED,
    format: 'cjs',
    platform: 'node',
    sourcemap: 'external',
    sourcefile: NAME,
  }).catch((error: unknown) => {
    throw CannotShip({ chain: buildFailure(error) }, error);
  });
  cache.set(key, { code: compiled.code, map: compiled.map });
  for (const oldest of cache.keys()) if (cache.size > CACHED) cache.delete(oldest);
  return compiled;
}

/** What compiler messages call the module; the user knows no such file. */
export const NAME = '<notebook>';

/** esbuild writes sources as relative URLs: here they become absolute paths. */
export function absoluteSources(map: string, folder: string): string {
  const parsed = JSON.parse(map) as { sources: string[] };
  return JSON.stringify({ ...parsed, sources: parsed.sources.map((source) => resolve(folder, decodeURIComponent(source))) });
}

/** For a line that is put above the code. */
export function mapOneLineDown(map: string): string {
  const parsed = JSON.parse(map) as { mappings: string };
  return JSON.stringify({ ...parsed, mappings: `;${parsed.mappings}` });
}

/** The comment that carries a map inside its code. */
export const inlineMap = (map: string): string =>
  `//# sourceMappingURL=data:application/json;base64,${Buffer.from(map).toString('base64')}\n`;

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

/** Loads parser, assembler and compiler in the background, so that the first pack doesn't wait for them. */
export function warm(): void {
  const start = async (): Promise<void> => {
    const { transform } = await esbuild();
    await transform('@d class A {}', SHARED);
    await import('./package.js');
    loadParser();
  };
  // Where it fails, the first pack says so.
  start().catch(() => undefined);
}
