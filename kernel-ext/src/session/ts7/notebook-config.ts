import { join } from 'node:path';
import type { TransformOptions } from 'esbuild';
import { modificationTime, readTsconfig, type Tsconfig } from './tsconfig-file.js';

/** The compiler options of the `tsconfig.json` beside a notebook that count for its cells. */
const TAKEN =
  /^(strict\w*|noImplicit\w*|noUnchecked\w*|noUnused\w*|noFallthrough\w*|noPropertyAccess\w*|exactOptional\w*|useUnknownInCatchVariables|alwaysStrict|lib|jsx\w*|react\w*|experimentalDecorators|emitDecoratorMetadata|customConditions)$/;

/** What esbuild has to know of them. */
const COMPILED = /^(jsx\w*|experimentalDecorators)$/;

/** The settings of a notebook's folder. */
export class NotebookConfig {
  readonly #file: Tsconfig;
  /** Compiler options, `paths` not among them. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Pattern, `@lib/*`, → patterns of files, absolute. */
  readonly paths: Tsconfig['paths'];

  constructor(folder: string) {
    this.#file = readTsconfig(join(folder, 'tsconfig.json'));
    this.options = Object.fromEntries(Object.entries(this.#file.options).filter(([name]) => TAKEN.test(name)));
    this.paths = this.#file.paths;
  }

  /** Whether the files say something else by now. */
  get hasChanged(): boolean {
    return [...this.#file.read].some(([path, modifiedMs]) => modificationTime(path) !== modifiedMs);
  }

  /** @throws NBS_TSCONFIG if the file could not be read */
  assertRead(): void {
    if (this.#file.fault !== undefined) throw this.#file.fault;
  }

  /** It asks for annotations, of which `strict` alone says nothing here. */
  get asksForAnnotations(): boolean {
    return this.options.noImplicitAny === true;
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
