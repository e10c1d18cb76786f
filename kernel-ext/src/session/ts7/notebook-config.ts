import { join } from 'node:path';
import type { TransformOptions } from 'esbuild';
import { modificationTime, readTsconfig, type Tsconfig } from './tsconfig-file.js';

/** The compiler options in the notebook's `tsconfig.json` that apply to its cells. */
const TAKEN =
  /^(strict\w*|noImplicit(?:Any|This|Override)|noUncheckedIndexedAccess|noPropertyAccessFromIndexSignature|exactOptionalPropertyTypes|useUnknownInCatchVariables|alwaysStrict|lib|jsx\w*|react\w*|experimentalDecorators)$/;

/** The options among these that esbuild needs. */
const COMPILED = /^(jsx\w*|experimentalDecorators)$/;

/** The settings of the notebook's folder. */
export class NotebookConfig {
  readonly #file: Tsconfig;
  /** Compiler options, without `paths`. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Patterns such as `@lib/*` → absolute patterns of files. */
  readonly paths: Tsconfig['paths'];

  constructor(folder: string) {
    this.#file = readTsconfig(join(folder, 'tsconfig.json'));
    this.options = Object.fromEntries(Object.entries(this.#file.options).filter(([name]) => TAKEN.test(name)));
    this.paths = this.#file.paths;
  }

  /** True if the files have changed since they were read. */
  get hasChanged(): boolean {
    return [...this.#file.read].some(([path, modifiedMs]) => modificationTime(path) !== modifiedMs);
  }

  /** @throws NBS_TSCONFIG if the file could not be read */
  assertRead(): void {
    if (this.#file.fault !== undefined) throw this.#file.fault;
  }

  /** True if the settings require annotations. For a cell, `strict` alone does not. */
  get asksForAnnotations(): boolean {
    return this.options.noImplicitAny === true;
  }

  /** True if the settings include the library for browsers. */
  get hasDom(): boolean {
    return Array.isArray(this.options.lib) && this.options.lib.some((name) => /^dom$/i.test(String(name)));
  }

  get esbuild(): Exclude<TransformOptions['tsconfigRaw'], string | undefined> {
    const own = Object.fromEntries(Object.entries(this.options).filter(([name]) => COMPILED.test(name)));
    const jsx = own.jsx === 'react' || own.jsx === 'react-jsxdev' ? own.jsx : 'react-jsx';
    return { compilerOptions: { useDefineForClassFields: true, experimentalDecorators: false, ...own, jsx } };
  }

  /** The files that `paths` names for a specifier, the best first. Of several patterns, TypeScript takes the exact one, or else the one with the longest beginning. */
  candidates(specifier: string): string[] {
    let best: { readonly before: string; readonly files: string[] } | undefined;
    for (const [pattern, files] of Object.entries(this.paths)) {
      const [before = '', after] = pattern.split('*');
      if (after === undefined) {
        if (specifier === pattern) return [...files];
        continue;
      }
      const isLong = specifier.length >= before.length + after.length;
      if (!isLong || !specifier.startsWith(before) || !specifier.endsWith(after)) continue;
      if (best !== undefined && best.before.length >= before.length) continue;
      const star = specifier.slice(before.length, specifier.length - after.length);
      best = { before, files: files.map((file) => file.replace('*', () => star)) };
    }
    return best?.files ?? [];
  }
}

/** The options in the `tsconfig.json` of a folder that esbuild needs for cells there. */
export const compilerOptionsOf = (folder: string): Readonly<Record<string, unknown>> => ({
  ...new NotebookConfig(folder).esbuild.compilerOptions,
});
