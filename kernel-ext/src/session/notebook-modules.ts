import { createRequire, isBuiltin, Module } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { SideModule } from './converter.js';
import { host } from './host.js';
import { rememberModule } from './stack-positions.js';

/** Packages that cells share with the kernel, so that there is one of each in the process. */
const SHARED = /^nbserve(\/|$)/;

const ENDINGS = ['.ts', '.tsx', '.mts', '.js', '.jsx'];

const own = createRequire(import.meta.url);

/** What cells import: packages from the notebook's folder, relative TypeScript files as the converter compiled them, nbserve from the kernel. */
export class NotebookModules {
  readonly #folder: string;
  readonly #compiled = new Map<string, string>();
  readonly #loaded = new Map<string, Module>();
  readonly #namespaces = new WeakMap<object, object>();
  readonly require: NodeJS.Require;

  constructor(folder: string) {
    this.#folder = folder;
    this.require = this.#requireIn(folder);
  }

  /** Takes the JavaScript of files that a cell imports; they are loaded anew. */
  add(modules: readonly SideModule[]): void {
    for (const { path, code } of modules) {
      this.#compiled.set(path, code);
      rememberModule(path, code);
      this.#loaded.clear();
    }
  }

  /** What `import … from id` and `import(id)` give in a cell. */
  async import(id: string): Promise<object> {
    if (isBuiltin(id)) return (await import(id)) as object;
    const side = this.#side(this.#folder, id);
    if (side !== undefined) return this.#namespace(side);
    if (SHARED.test(id)) return this.#namespace(own(id));
    const { requireFrom, importFrom } = await host();
    if (id.startsWith('.') || id.startsWith('/') || id.startsWith('file:')) {
      const path = id.startsWith('file:') ? id : pathToFileURL(resolve(this.#folder, id)).href;
      return id.endsWith('.json') || id.endsWith('.cjs') ? this.#namespace(this.require(id)) : ((await import(path)) as object);
    }
    try {
      return this.#namespace(requireFrom(this.#folder)(id));
    } catch (error) {
      const { code } = error as { code?: string };
      if (code === 'ERR_REQUIRE_ASYNC_MODULE' || code === 'NBS_ASYNC_PACKAGE' || code === 'ERR_REQUIRE_ESM')
        return importFrom(this.#folder)(id);
      throw error;
    }
  }

  /** Forgets modules that were terminated while they loaded: loading is synchronous, so no other ones are unfinished. */
  forgetUnfinished(): void {
    for (const [id, module] of Object.entries(this.require.cache)) if (module?.loaded === false) delete this.require.cache[id];
    for (const [file, module] of this.#loaded) if (!module.loaded) this.#loaded.delete(file);
  }

  #requireIn(folder: string): NodeJS.Require {
    const plain = createRequire(join(folder, 'cell.js'));
    const load = (id: string): unknown => {
      if (isBuiltin(id)) return plain(id);
      if (SHARED.test(id)) return own(id);
      const side = this.#side(folder, id);
      if (side !== undefined) return side;
      return plain(id);
    };
    return Object.assign(load, {
      resolve: plain.resolve,
      cache: plain.cache,
      extensions: plain.extensions,
      main: plain.main,
    }) as NodeJS.Require;
  }

  /** A relative TypeScript file of the notebook. */
  #side(folder: string, id: string): unknown {
    if (!id.startsWith('.') && !id.startsWith('/')) return undefined;
    const path = resolve(folder, id);
    // TypeScript may be imported by the name that its JavaScript would have.
    const bare = path.replace(/\.[mj]?js$/, '');
    const file = [path, ...[bare, join(path, 'index')].flatMap((start) => ENDINGS.map((ending) => start + ending))].find(
      (candidate) => this.#compiled.has(candidate),
    );
    if (file === undefined) return undefined;
    const cached = this.#loaded.get(file);
    if (cached !== undefined) return cached.exports;
    const module = new Module(file);
    this.#loaded.set(file, module);
    module.filename = module.id;
    module.require = this.#requireIn(dirname(file));
    (module as unknown as { _compile(code: string, filename: string): void })._compile(this.#compiled.get(file) ?? '', module.id);
    module.loaded = true;
    return module.exports;
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
