import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { TransformOptions } from 'esbuild';

/** The compiler options of the `tsconfig.json` beside a notebook that count for its cells. */
const TAKEN =
  /^(strict\w*|noImplicit\w*|noUnchecked\w*|noUnused\w*|noFallthrough\w*|noPropertyAccess\w*|exactOptional\w*|useUnknownInCatchVariables|alwaysStrict|lib|jsx\w*|react\w*|experimentalDecorators|emitDecoratorMetadata|customConditions)$/;

/** What esbuild has to know of them. */
const COMPILED = /^(jsx\w*|experimentalDecorators)$/;

/** The settings of a notebook's folder. */
export class NotebookConfig {
  readonly #folder: string;
  /** Compiler options, `paths` not among them. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Pattern, `@lib/*`, → patterns of files, absolute. */
  readonly paths: Readonly<Record<string, readonly string[]>>;

  constructor(folder: string) {
    this.#folder = folder;
    const all = compilerOptionsOf(join(folder, 'tsconfig.json'));
    this.options = Object.fromEntries(Object.entries(all).filter(([name]) => TAKEN.test(name)));
    const base = resolve(this.#folder, typeof all.baseUrl === 'string' ? all.baseUrl : '.');
    const paths = Object.entries((all.paths ?? {}) as Record<string, unknown>);
    this.paths = Object.fromEntries(
      paths
        .filter((entry): entry is [string, string[]] => Array.isArray(entry[1]))
        .map(([pattern, files]) => [pattern, files.map((file) => resolve(base, file))]),
    );
  }

  /** The library for browsers is asked for. */
  get hasDom(): boolean {
    return Array.isArray(this.options.lib) && this.options.lib.some((name) => /^dom$/i.test(String(name)));
  }

  get esbuild(): TransformOptions['tsconfigRaw'] {
    const own = Object.fromEntries(Object.entries(this.options).filter(([name]) => COMPILED.test(name)));
    const jsx = own.jsx === 'react' || own.jsx === 'react-jsxdev' ? own.jsx : 'react-jsx';
    return { compilerOptions: { useDefineForClassFields: true, experimentalDecorators: false, ...own, jsx } };
  }

  /** Files that `paths` names for a specifier, the best first. */
  candidates(specifier: string): string[] {
    for (const [pattern, files] of Object.entries(this.paths)) {
      const [before = '', after] = pattern.split('*');
      if (after === undefined ? specifier !== pattern : !specifier.startsWith(before) || !specifier.endsWith(after)) continue;
      const star = after === undefined ? '' : specifier.slice(before.length, specifier.length - after.length);
      return files.map((file) => file.replace('*', () => star));
    }
    return [];
  }
}

function compilerOptionsOf(file: string): Record<string, unknown> {
  try {
    const { compilerOptions } = JSON.parse(withoutComments(readFileSync(file, 'utf8'))) as { compilerOptions?: unknown };
    return typeof compilerOptions === 'object' && compilerOptions !== null ? { ...compilerOptions } : {};
  } catch {
    return {};
  }
}

/** JSON of a `tsconfig.json`, which may hold comments and commas too many. */
const withoutComments = (text: string): string =>
  text
    .replace(/^\ufeff/, '')
    .replace(/("(?:\\.|[^"\\])*")|\/\/[^\n]*|\/\*[\s\S]*?\*\//g, (_all, string: string | undefined) => string ?? '')
    .replace(
      /("(?:\\.|[^"\\])*")|,(\s*[}\]])/g,
      (_all, string: string | undefined, end: string | undefined) => string ?? end ?? '',
    );
