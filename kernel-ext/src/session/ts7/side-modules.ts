import { readFileSync, statSync } from 'node:fs';
import { dirname, extname, join, resolve } from 'node:path';
import type { Loader } from 'esbuild';
import type { SideModule } from '../converter.js';
import { esbuild } from './cell-code.js';

const LOADERS: Readonly<Record<string, Loader>> = {
  '.ts': 'ts',
  '.mts': 'ts',
  '.cts': 'ts',
  '.tsx': 'tsx',
};
const ENDINGS = Object.keys(LOADERS);

/** What a compiled file requires by a relative path. */
const REQUIRED = /\b(?:require|import)\("(\.{1,2}\/[^"]*)"\)/g;
/** What a cell imports by a relative path. */
const IMPORTED = /(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\s*\(\s*)(['"])(\.{1,2}\/[^'"\n]*)\1/g;

interface KnownFile {
  readonly modifiedMs: number;
  readonly requires: readonly string[];
}

/** The notebook's own files that cells import by a relative path, compiled to CommonJS. */
export class SideModules {
  readonly #folder: string;
  readonly #known = new Map<string, KnownFile>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Files that were read before and have changed since, or are gone: the type server must hear of them. */
  changed(): string[] {
    return [...this.#known].filter(([path, { modifiedMs }]) => modificationTime(path) !== modifiedMs).map(([path]) => path);
  }

  /** TypeScript files that a cell reaches by relative imports: all of them, and those that are new or have changed. */
  reached(text: string): { paths: string[]; changed: SideModule[] } {
    const changed: SideModule[] = [];
    const paths = new Set<string>();
    const visit = (from: string, specifier: string): void => {
      const path = fileOf(resolve(from, specifier));
      if (path === undefined || paths.has(path)) return;
      paths.add(path);
      const known = this.#read(path, changed);
      for (const next of known?.requires ?? []) visit(dirname(path), next);
    };
    for (const [, , specifier] of text.matchAll(IMPORTED)) if (specifier !== undefined) visit(this.#folder, specifier);
    return { paths: [...paths], changed };
  }

  #read(path: string, changed: SideModule[]): KnownFile | undefined {
    const before = this.#known.get(path);
    const modifiedMs = modificationTime(path);
    if (before?.modifiedMs === modifiedMs) return before;
    try {
      const code = compile(path);
      changed.push({ path, code });
      const known = { modifiedMs, requires: [...code.matchAll(REQUIRED)].flatMap(([, specifier]) => specifier ?? []) };
      this.#known.set(path, known);
      return known;
    } catch {
      // The checker says what is wrong with it.
      return undefined;
    }
  }
}

/** CommonJS, with its source map behind it. @throws what esbuild says of a file that it cannot compile */
function compile(path: string): string {
  const { code } = esbuild().transformSync(readFileSync(path, 'utf8'), {
    loader: LOADERS[extname(path)] ?? 'ts',
    format: 'cjs',
    target: 'node20',
    jsx: 'automatic',
    sourcefile: path,
    sourcemap: 'inline',
    sourcesContent: false,
    logLevel: 'silent',
    tsconfigRaw: { compilerOptions: { useDefineForClassFields: true, experimentalDecorators: false } },
  });
  return code;
}

/** The file that a relative specifier means. TypeScript may be imported by the name that its JavaScript would have. */
function fileOf(path: string): string | undefined {
  const bare = path.replace(/\.([cm]?)jsx?$/, '');
  const candidates = [path, ...[path, bare, join(path, 'index')].flatMap((start) => ENDINGS.map((ending) => start + ending))];
  return candidates.find((candidate) => LOADERS[extname(candidate)] !== undefined && modificationTime(candidate) !== 0);
}

function modificationTime(path: string): number {
  try {
    const found = statSync(path);
    return found.isFile() ? found.mtimeMs : 0;
  } catch {
    return 0;
  }
}
