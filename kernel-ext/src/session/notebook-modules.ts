import { existsSync } from 'node:fs';
import { createRequire, isBuiltin, Module } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { constants, Script } from 'node:vm';
import { CODE_ENDINGS } from 'nbserve/basics';
import type { Converter, SideModule } from './converter.js';
import { AwaitingModule } from './errors.js';
import { host, hostNow } from './host.js';
import { LoadedPackages } from './loaded-packages.js';
import { forgetLastStat } from './path-lookup.js';
import { outsideCells } from './running-cell.js';
import { rememberModule } from './stack-positions.js';
import { typedSources } from './typed-sources.js';

/** Packages that cells share with the kernel, so that there is one of each in the process. */
const SHARED = /^nbserve(\/|$)/;

const ENDINGS = [...CODE_ENDINGS, '.json'];

const own = createRequire(import.meta.url);

/** A file beside the notebook that was loaded. */
interface Loaded {
  readonly module: Module;
  /** Its code has run; undefined if that needed no time. */
  readonly ready: Promise<void> | null;
}

/** What is known about the notebook's own files. */
export interface FileSource {
  /** Finds the notebook's own file that a specifier means, if the converter knows. */
  readonly sideModule: NonNullable<Converter['sideModule']>;
  readonly awaitPackage: NonNullable<Converter['awaitPackage']>;
}

/** Node's own `require` cannot load such a package. */
const NEEDS_HOST = new Set(['ERR_PACKAGE_PATH_NOT_EXPORTED', 'ERR_REQUIRE_ESM', 'ERR_REQUIRE_ASYNC_MODULE']);
/** The package awaits at its top level, or cannot be loaded without waiting for another reason. */
const NEEDS_TIME = new Set(['ERR_REQUIRE_ASYNC_MODULE', 'NBS_ASYNC_PACKAGE', 'ERR_REQUIRE_ESM']);

const codeOf = (error: unknown): string => String((error as { code?: unknown } | null)?.code);

/** What cells import: packages from the notebook's folder, its own files as the converter compiled them, nbserve from the kernel. */
export class NotebookModules {
  readonly #folder: string;
  readonly #files: FileSource;
  readonly #compiled = new Map<string, SideModule>();
  readonly #loaded = new Map<string, Loaded>();
  /** A file → the files that have imported it. */
  readonly #importers = new Map<string, Set<string>>();
  readonly #namespaces = new WeakMap<object, object>();
  readonly #packages = new LoadedPackages();
  /** The package that a file could not load without waiting. */
  #slowPackage: string | undefined;
  readonly require: NodeJS.Require;
  /** The module that cells are, as `require.main` has it. */
  readonly main = new Module('.');

  constructor(folder: string, files: FileSource) {
    this.#folder = folder;
    this.#files = files;
    this.main.filename = join(folder, 'notebook.ts');
    this.require = this.#requireIn(folder);
    this.main.require = this.require;
  }

  /** Takes the JavaScript of files that a cell imports. A file that differs from before is loaded anew, and so are the files that import it. */
  add(modules: readonly SideModule[]): void {
    for (const module of modules) {
      const isSame = this.#compiled.get(module.path)?.code === module.code;
      this.#compiled.set(module.path, module);
      if (isSame) continue;
      rememberModule(module.path, module.code);
      this.#forget(module.path);
    }
  }

  #forget(file: string): void {
    this.#loaded.delete(file);
    const importers = this.#importers.get(file) ?? [];
    this.#importers.delete(file);
    for (const importer of importers) this.#forget(importer);
  }

  /** What `import … from id` and `import(id)` give in a cell. */
  import(id: string): Promise<object> {
    return this.#import(undefined, String(id), []);
  }

  /** `import.meta` of the cell or file of this name. Cells are the main module. */
  metaOf(filename: string, main: boolean): Record<string, unknown> {
    return { ...importMeta(filename, (specifier) => this.#path(dirname(filename), specifier)), main };
  }

  /**
   * @param file the file beside the notebook that imports; undefined if a cell does
   * @param importing files that wait for this import: those that import each other do not wait for each other
   */
  async #import(file: string | undefined, id: string, importing: readonly string[]): Promise<object> {
    if (isBuiltin(id)) return (await import(id)) as object;
    const folder = file === undefined ? this.#folder : dirname(file);
    forgetLastStat();
    const path = this.#path(folder, id);
    if (path !== undefined) {
      this.#noteImport(path, file);
      const { module, ready } = this.#sideOrAwaiting(path, importing);
      if (!importing.includes(path)) await ready;
      return this.#namespace(module.exports);
    }
    if (SHARED.test(id)) return this.#namespace(own(id));
    const { requireFrom, importFrom } = await host();
    forgetLastStat();
    // Node loads `data:`, and says what it does not load.
    if (/^[a-z][a-z+.-]+:/i.test(id) && !id.startsWith('file:')) return (await import(id)) as object;
    if (id.startsWith('.') || id.startsWith('/') || id.startsWith('file:')) {
      const url = id.startsWith('file:') ? id : urlOf(folder, id);
      return id.endsWith('.json') || id.endsWith('.cjs')
        ? this.#namespace(this.#requireIn(folder, file)(id))
        : ((await import(url)) as object);
    }
    const load = async (): Promise<object> => {
      try {
        return this.#namespace(requireFrom(folder)(id));
      } catch (error) {
        if (NEEDS_TIME.has(codeOf(error))) return importFrom(folder)(id);
        throw error;
      }
    };
    const loaded = this.#packages.expectLoaded(folder, id);
    const namespace = await load();
    loaded();
    return namespace;
  }

  /** Forgets modules that were perhaps terminated while they loaded. If a file awaits and was terminated, its promise never settles. */
  forgetUnfinished(): void {
    for (const [id, module] of Object.entries(this.require.cache)) if (module?.loaded === false) delete this.require.cache[id];
    for (const [file, { module }] of this.#loaded) if (!module.loaded) this.#loaded.delete(file);
  }

  #noteImport(path: string, importer: string | undefined): void {
    if (importer === undefined) return;
    const importers = this.#importers.get(path);
    if (importers === undefined) this.#importers.set(path, new Set([importer]));
    else importers.add(importer);
  }

  #requireIn(folder: string, file?: string): NodeJS.Require {
    const plain = createRequire(join(folder, 'cell.js'));
    const load = (id: string): unknown => {
      if (isBuiltin(id)) return plain(id);
      forgetLastStat();
      if (SHARED.test(id)) return own(id);
      const path = this.#path(folder, id);
      if (path === undefined) return this.#requirePackage(folder, id, plain);
      this.#noteImport(path, file);
      const { module, ready } = this.#side(path, []);
      if (ready !== null) throw AwaitingModule({ id });
      return module.exports;
    };
    return Object.assign(load, {
      resolve: plain.resolve,
      cache: plain.cache,
      extensions: plain.extensions,
      main: this.main,
    }) as NodeJS.Require;
  }

  #requirePackage(folder: string, id: string, plain: NodeJS.Require): unknown {
    const loaded = this.#packages.expectLoaded(folder, id);
    let exports: unknown;
    try {
      exports = plain(id);
    } catch (error) {
      if (!NEEDS_HOST.has(codeOf(error)) || id.startsWith('.')) throw error;
      this.#slowPackage = id;
      exports = hostNow().requireFrom(folder)(id);
    }
    loaded();
    return exports;
  }

  /** Loads a file. If it imports a package that needs time, the file is compiled again, so that it awaits the package. */
  #sideOrAwaiting(file: string, importing: readonly string[]): Loaded {
    this.#slowPackage = undefined;
    try {
      return this.#side(file, importing);
    } catch (error) {
      const slow = this.#slowPackage;
      const modules = slow !== undefined && NEEDS_TIME.has(codeOf(error)) ? this.#files.awaitPackage(slow) : [];
      if (modules.length === 0) throw error;
      this.add(modules);
      return this.#sideOrAwaiting(file, importing);
    }
  }

  /** The notebook's own file that `id` means, compiled. */
  #path(folder: string, id: string): string | undefined {
    const found = outsideCells(() => this.#files.sideModule(folder, id));
    if (found !== undefined) {
      this.add(found.modules);
      return this.#compiled.has(found.path) ? found.path : undefined;
    }
    if (!id.startsWith('.') && !id.startsWith('/')) return undefined;
    const path = resolve(folder, id);
    const candidates = [path, join(path, 'index')].flatMap((start) => ENDINGS.map((ending) => start + ending));
    return [...typedSources(path), path, ...candidates].find((candidate) => this.#compiled.has(candidate));
  }

  #side(file: string, importing: readonly string[]): Loaded {
    const cached = this.#loaded.get(file);
    if (cached !== undefined) return cached;
    const { code, awaits = false } = this.#compiled.get(file) as SideModule;
    const folder = dirname(file);
    const module = new Module(file) as Module & { nbs: unknown };
    module.filename = module.id;
    module.require = this.#requireIn(folder, file);
    module.nbs = {
      nbsMeta: this.metaOf(file, false),
      nbsImp: (id: string, { nbsStatic = false }: { nbsStatic?: boolean } = {}) =>
        this.#import(file, String(id), nbsStatic ? [...importing, file] : []),
      exported: (getters: object) => {
        module.exports = Object.defineProperty(getters, '__esModule', { value: true });
      },
      star: (from: object) => reexport(module.exports as object, from),
    };
    if (!awaits) {
      this.#loaded.set(file, { module, ready: null });
      try {
        (module as unknown as { _compile(code: string, filename: string): void })._compile(code, module.id);
      } catch (error) {
        this.#loaded.delete(file);
        throw error;
      }
      module.loaded = true;
      return { module, ready: null };
    }
    const script = new Script(code, { filename: file, importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER });
    const run = script.runInThisContext() as (...parameters: unknown[]) => Promise<void>;
    // It is among the loaded ones before its code runs: files may import each other.
    const ready = Promise.resolve()
      .then(() => run(module.exports, module.require, module, file, folder))
      .then(() => {
        module.loaded = true;
      });
    const loaded = { module, ready };
    ready.catch(() => this.#loaded.get(file) === loaded && this.#loaded.delete(file));
    this.#loaded.set(file, loaded);
    return loaded;
  }

  /** A module's exports as `import * as` sees them: CommonJS gets a `default`. */
  #namespace(exports: unknown): object {
    if (typeof exports !== 'object' && typeof exports !== 'function') return { default: exports };
    if (exports === null) return { default: null };
    if (
      (exports as { __esModule?: unknown }).__esModule === true ||
      Object.prototype.toString.call(exports) === '[object Module]'
    )
      return exports;
    let namespace = this.#namespaces.get(exports);
    if (namespace === undefined) {
      namespace = Object.create(exports, { default: { value: exports, enumerable: true } }) as object;
      this.#namespaces.set(exports, namespace);
    }
    return namespace;
  }
}

/** The address of a file. Behind its name, `?version` may stand, so that Node loads it anew, if there is no file of that name. */
function urlOf(folder: string, id: string): string {
  const path = resolve(folder, id);
  return /[?#]/.test(id) && !existsSync(path)
    ? new URL(id, pathToFileURL(join(folder, 'cell.js'))).href
    : pathToFileURL(path).href;
}

/** `export * from`: what the module does not export itself. */
function reexport(exports: object, from: object): void {
  for (const name in from) {
    if (name === 'default' || Object.hasOwn(exports, name)) continue;
    Object.defineProperty(exports, name, { enumerable: true, get: () => Reflect.get(from, name) as unknown });
  }
}

/**
 * `import.meta` of a cell, or of a file beside the notebook.
 * @param side the notebook's own file that a specifier means, if it is one
 */
function importMeta(filename: string, side: (specifier: string) => string | undefined): Record<string, unknown> {
  const { href: url } = pathToFileURL(filename);
  const resolve = (specifier: string): string => {
    if (isBuiltin(specifier)) return specifier.startsWith('node:') ? specifier : `node:${specifier}`;
    const own = side(specifier);
    if (own !== undefined) return pathToFileURL(own).href;
    if (/^\.{0,2}\//.test(specifier) || /^[a-z][a-z+.-]+:/i.test(specifier)) return new URL(specifier, url).href;
    return pathToFileURL(createRequire(filename).resolve(specifier)).href;
  };
  return { url, dirname: dirname(filename), filename, resolve };
}
