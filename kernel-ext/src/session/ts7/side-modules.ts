import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { createRequire, isBuiltin } from 'node:module';
import { dirname, extname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { resolveImport } from 'nbserve/analysis';
import { TYPED_ENDINGS } from 'nbserve/basics';
import type { SideModule } from '../converter.js';
import { typedSources } from '../typed-sources.js';
import type { NotebookConfig } from './notebook-config.js';
import { type SeenFile, specifiersOf } from './old-files.js';
import { compileSide, LOADERS } from './side-code.js';
import { modificationTime } from './tsconfig-file.js';

const TYPED = new Set<string>(TYPED_ENDINGS);
const ENDINGS = Object.keys(LOADERS);
const NODE_MODULES = /[\\/]node_modules[\\/]/;

interface KnownFile {
  readonly modifiedMs: number;
  /** True if the file awaits at its top level, or uses a file that does. */
  readonly awaits: boolean;
  readonly requires: readonly string[];
  /** True if it may give its exports new values. */
  readonly isLive: boolean;
}

/** The notebook's own files that cells import: by a relative path, by `paths` of the `tsconfig.json`, or as a package whose main file is TypeScript. */
export class SideModules {
  readonly #folder: string;
  #config: NotebookConfig;
  readonly #known = new Map<string, KnownFile>();
  /** The files whose types cells use, as the type server has read them. */
  readonly #seen = new Map<string, SeenFile>();
  /** The files that cells have imported: specifier → path. */
  readonly #resolved = new Map<string, string>();
  /** Packages that await at their top level; files that import them await them. */
  readonly #awaited = new Set<string>();
  /** Modules that are compiled and were not returned by `taken` yet. */
  readonly #fresh = new Map<string, SideModule>();

  constructor(folder: string, config: NotebookConfig) {
    this.#folder = folder;
    this.#config = config;
  }

  /** Makes all files compile again, with new settings. */
  configure(config: NotebookConfig): void {
    this.#config = config;
    this.#known.clear();
    this.#fresh.clear();
  }

  /** Tells whether files that were read before have changed or no longer exist; the type server must then read them again. */
  forgetChanged(): boolean {
    const changed = [...this.#known].filter(([path, { modifiedMs }]) => modificationTime(path) !== modifiedMs);
    for (const [path] of changed) this.#known.delete(path);
    return changed.length > 0;
  }

  /** Returns the files that have changed or no longer exist, and the files that import them, as they were. */
  takeChanged(): ReadonlyMap<string, SeenFile> {
    const old = new Map([...this.#seen].filter(([path, file]) => this.#hasChanged(path, file)));
    for (let count = 0; count !== old.size; ) {
      count = old.size;
      for (const [path, file] of this.#seen) if ([...file.uses.values()].some((used) => old.has(used))) old.set(path, file);
    }
    for (const path of old.keys()) this.#seen.delete(path);
    return old;
  }

  /** The file that a cell has imported by this specifier. */
  resolved(specifier: string): string | undefined {
    return this.#resolved.get(specifier);
  }

  /** Compiles the new and changed files that `specifiers` lead to. @returns the TypeScript files among all of them */
  reached(specifiers: Iterable<string>, from = this.#folder): string[] {
    const paths = new Set<string>();
    const visit = (folder: string, specifier: string): string | undefined => {
      const path = this.find(folder, specifier);
      if (path === undefined || paths.has(path)) return path;
      paths.add(path);
      for (const next of this.#read(path)?.requires ?? []) visit(dirname(path), next);
      return path;
    };
    for (const specifier of specifiers) {
      const path = visit(from, specifier);
      if (path === undefined || from !== this.#folder) continue;
      this.#resolved.set(specifier, path);
      this.#see(path);
    }
    this.#spreadAwaits(paths);
    return [...paths].filter((path) => TYPED.has(extname(path)) && !NODE_MODULES.test(path));
  }

  /** True if {@link taken} would return something. */
  get hasFresh(): boolean {
    return this.#fresh.size > 0;
  }

  /** Returns the modules that were compiled since the last call. */
  taken(): SideModule[] {
    const modules = [...this.#fresh.values()];
    this.#fresh.clear();
    return modules;
  }

  /** Makes the files that import a package await it. Call it if the package awaits at its top level, which only loading it shows. */
  awaitPackage(specifier: string): void {
    this.#awaited.add(specifier);
    for (const [path, { modifiedMs, awaits, requires }] of this.#known)
      if (!awaits && requires.includes(specifier)) this.#compile(path, modifiedMs, true);
    this.#spreadAwaits(new Set(this.#known.keys()));
  }

  /** True for a file that may give its exports new values, e.g. by `export let`. It was read before. */
  isLive(specifier: string): boolean {
    const path = this.find(this.#folder, specifier);
    return path !== undefined && this.#known.get(path)?.isLive === true;
  }

  /** Finds the file for a specifier, if it is one that the kernel compiles. */
  find(folder: string, specifier: string): string | undefined {
    if (specifier.startsWith('file:')) return localFile(fileURLToPath(specifier));
    if (/^(\.{0,2}\/|\.{1,2}$)/.test(specifier)) return localFile(resolve(folder, specifier));
    for (const path of this.#config.candidates(specifier)) {
      const found = localFile(path);
      if (found !== undefined) return found;
    }
    return isBuiltin(specifier) || /^nbserve(\/|$)/.test(specifier) ? undefined : typedPackage(folder, specifier);
  }

  /** Notes the text of a file, and of the files that it imports. */
  #see(path: string): void {
    if (this.#seen.has(path) || !hasTypes(path)) return;
    const text = textOf(path);
    if (text === undefined) return;
    const uses = new Map<string, string>();
    this.#seen.set(path, { modifiedMs: modificationTime(path), text, uses });
    for (const specifier of TYPED.has(extname(path)) ? specifiersOf(text) : []) {
      const used = this.find(dirname(path), specifier);
      if (used === undefined || !hasTypes(used)) continue;
      uses.set(specifier, used);
      this.#see(used);
    }
  }

  /** A file that was only saved again has not changed. */
  #hasChanged(path: string, file: SeenFile): boolean {
    const modifiedMs = modificationTime(path);
    if (modifiedMs === file.modifiedMs) return false;
    if (modifiedMs === 0 || textOf(path) !== file.text) return true;
    this.#seen.set(path, { ...file, modifiedMs });
    return false;
  }

  #read(path: string): KnownFile | undefined {
    const before = this.#known.get(path);
    const modifiedMs = modificationTime(path);
    if (before?.modifiedMs === modifiedMs) return before;
    const known = this.#compile(path, modifiedMs, false);
    const mustAwait = known?.awaits === false && known.requires.some((specifier) => this.#awaited.has(specifier));
    return mustAwait ? this.#compile(path, modifiedMs, true) : known;
  }

  #compile(path: string, modifiedMs: number, mayAwait: boolean): KnownFile | undefined {
    try {
      const { code, awaits, requires, isLive } = compileSide(path, this.#config.esbuild, mayAwait);
      const known = { modifiedMs, awaits, requires, isLive };
      this.#fresh.set(path, { path, code, awaits });
      this.#known.set(path, known);
      return known;
    } catch {
      // The checker or Node reports the error in the file.
      return undefined;
    }
  }

  /** A file that uses a file with a top-level `await` must await it. */
  #spreadAwaits(paths: ReadonlySet<string>): void {
    for (let isDone = false; !isDone; ) {
      isDone = true;
      for (const path of paths) {
        const known = this.#known.get(path);
        if (known === undefined || known.awaits) continue;
        const uses = known.requires.map((specifier) => this.find(dirname(path), specifier));
        if (!uses.some((use) => use !== undefined && this.#known.get(use)?.awaits === true)) continue;
        isDone = this.#compile(path, known.modifiedMs, true)?.awaits !== true;
      }
    }
  }
}

const hasTypes = (path: string): boolean => TYPED.has(extname(path)) || extname(path) === '.json';

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** A TypeScript file may be imported by the name of its compiled JavaScript. */
function localFile(path: string): string | undefined {
  const candidates = [
    ...typedSources(path),
    path,
    ...ENDINGS.map((ending) => path + ending),
    ...ENDINGS.map((ending) => join(path, 'index') + ending),
  ];
  return candidates.find(
    (one) =>
      LOADERS[extname(one)] !== undefined &&
      modificationTime(one) !== 0 &&
      (TYPED.has(extname(one)) ? !one.endsWith('.d.ts') : !NODE_MODULES.test(one)),
  );
}

/** Finds a package whose main file is TypeScript, for example one of the same workspace. */
function typedPackage(folder: string, specifier: string): string | undefined {
  let path: string | undefined;
  try {
    path = createRequire(join(folder, 'cell.js')).resolve(specifier);
  } catch {
    // Node's own `require` knows neither the condition `import` nor the endings of TypeScript.
    path = unlessBroken(() => resolveImport(specifier, folder) ?? typedMain(folder, specifier));
  }
  return path !== undefined && TYPED.has(extname(path)) && modificationTime(path) !== 0 ? realpathSync(path) : undefined;
}

/** If a `package.json` is no JSON, Node says so when it loads the package. */
function unlessBroken(find: () => string | undefined): string | undefined {
  try {
    return find();
  } catch {
    return undefined;
  }
}

/** The file that a package without `exports` means, if its ending is left out: `"main": "src/index"`. */
function typedMain(folder: string, specifier: string): string | undefined {
  const [, name, rest = ''] = /^((?:@[^/]+\/)?[^/]+)(\/.*)?$/.exec(specifier) ?? [];
  for (let at = folder; name !== undefined; at = dirname(at)) {
    const home = join(at, 'node_modules', name);
    const file = join(home, 'package.json');
    if (existsSync(file)) {
      const { main = '', exports } = JSON.parse(readFileSync(file, 'utf8')) as { main?: string; exports?: unknown };
      return exports === undefined ? localFile(join(home, rest === '' ? main : rest)) : undefined;
    }
    if (dirname(at) === at) return undefined;
  }
  return undefined;
}
