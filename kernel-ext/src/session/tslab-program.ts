import { statSync } from 'node:fs';
import { join, relative } from 'node:path';
import type ts from 'typescript';
import { compilerOptions, isSilenced } from './compiler-options.js';
import type { SideModule } from './converter.js';
import { isLateImport } from './late-import.js';
import { withoutLibraryDocs } from './library-docs.js';
import type { Fork, ForkHooks } from './tslab-fork.js';

/** Name of the file that tslab gives the cell's source. */
const CELL_FILE = '__tslab__.ts';
const AMBIENT_FILE = '__nbserve__.d.ts';
/** Where tslab has TypeScript emit to. */
const OUT_FOLDER = 'outDir';
/** Stands for any file beside the cell; see `TslabProgram.modules`. */
const SIDE_OUTPUT = `${OUT_FOLDER}/__module__.js`;

function isSilencedAt({ code, messageText, file, start = 0, length = 0 }: ts.Diagnostic): boolean {
  const message = typeof messageText === 'string' ? messageText : messageText.messageText;
  return isSilenced(code, message, () => file?.text.slice(start, start + length) ?? '');
}

/** Numbers of TypeScript 5.0's enums. */
const MODULE_OPTIONS = { module: 1, target: 9, esModuleInterop: true, inlineSourceMap: true } as ts.CompilerOptions;

export interface ProgramOptions {
  readonly folder: string;
  /** Declarations that every cell sees. */
  readonly ambient: string;
  readonly typeRoots: readonly string[];
  /** Packages whose types come from the kernel and not from the notebook's folder: name → files. */
  readonly paths: Readonly<Record<string, string[]>>;
}

/** The part of a builder that tslab uses. */
interface CellBuilder {
  getSourceFile(name: string): ts.SourceFile | undefined;
  getAllDependencies(file: ts.SourceFile): readonly string[];
  emit(
    file: ts.SourceFile,
    write: ts.WriteFileCallback,
    token?: undefined,
    declarationsOnly?: undefined,
    transformers?: ts.CustomTransformers,
  ): unknown;
  getProgram(): ts.Program;
}

interface WatchHost {
  afterProgramCreate?: (builder: unknown) => void;
}

/**
 * Stands between tslab and TypeScript's watch program. tslab builds the program twice for a cell, once only to learn the cell's names, and keeps a
 * builder state and file watchers that nobody reads. Here the names come from binding the one file, and files are looked at when a cell runs.
 */
export class TslabProgram implements ForkHooks {
  readonly folder: string;
  /** What the checker said about the last cell, unshortened. */
  lastDiagnostics: readonly ts.Diagnostic[] = [];
  /** Files that the last cell imports, by the path of their source, if they are new or have changed. */
  modules: SideModule[] = [];

  /** Only the syntax of the cell is checked. */
  #isUnchecked = false;
  readonly #fork: Fork;
  readonly #options: ProgramOptions;
  readonly #cellFile: string;
  readonly #fileWatchers = new Map<string, { readonly changed: Set<ts.FileWatcherCallback>; modified: number }>();
  readonly #directoryWatchers = new Map<string, Set<ts.DirectoryWatcherCallback>>();
  readonly #pending = new Set<{ readonly run: () => void }>();
  #latest: ts.Program | undefined;
  #setBuilder: (builder: CellBuilder) => void = () => {};
  #namesOnly = false;

  constructor(fork: Fork, options: ProgramOptions) {
    this.#fork = fork;
    this.#options = options;
    this.folder = options.folder;
    this.#cellFile = join(options.folder, CELL_FILE);
  }

  /** To be called before each conversion, not before completion or inspection. */
  beginConversion(isUnchecked: boolean): void {
    this.#isUnchecked = isUnchecked;
    this.#namesOnly = true;
    this.modules = [];
    for (const [path, watched] of this.#fileWatchers) {
      const modified = modificationTime(path);
      if (modified === watched.modified) continue;
      watched.modified = modified;
      for (const changed of watched.changed) changed(path, modified === 0 ? 2 : 1);
    }
  }

  /** Makes the next conversion look again for packages and files that it did not find (`!npm install` may have brought them). */
  forgetMissing(): void {
    for (const [path, callbacks] of this.#directoryWatchers) for (const changed of callbacks) changed(path);
  }

  watchFile(path: string, changed: ts.FileWatcherCallback): ts.FileWatcher {
    if (path.includes('/node_modules/') || path.endsWith('.d.ts')) return { close() {} };
    const watched = this.#fileWatchers.get(path) ?? { changed: new Set(), modified: modificationTime(path) };
    this.#fileWatchers.set(path, watched);
    watched.changed.add(changed);
    return {
      close: () => {
        watched.changed.delete(changed);
        if (watched.changed.size === 0) this.#fileWatchers.delete(path);
      },
    };
  }

  watchDirectory(path: string, changed: ts.DirectoryWatcherCallback): ts.FileWatcher {
    const callbacks = this.#directoryWatchers.get(path) ?? new Set();
    this.#directoryWatchers.set(path, callbacks);
    callbacks.add(changed);
    return { close: () => callbacks.delete(changed) };
  }

  diagnostics(program: ts.Program, files: readonly ts.SourceFile[]): readonly ts.Diagnostic[] {
    const found: ts.Diagnostic[] = [];
    for (const file of files) {
      const syntax = program.getSyntacticDiagnostics(file);
      found.push(...syntax);
      if (syntax.length === 0 && !this.#isUnchecked)
        found.push(...program.getSemanticDiagnostics(file).filter((one) => !isSilencedAt(one) && !isLate(one)));
    }
    this.lastDiagnostics = this.#fork.sortAndDeduplicateDiagnostics(found);
    return this.lastDiagnostics;
  }

  createWatchCompilerHost(roots: string[], options: ts.CompilerOptions, sys: ts.System): unknown {
    const ambientFile = join(this.folder, AMBIENT_FILE);
    const { readFile, fileExists } = sys;
    sys.readFile = (path, encoding) => {
      if (path === ambientFile) return this.#options.ambient;
      const text = readFile.call(sys, path, encoding);
      return text === undefined ? undefined : withoutLibraryDocs(path, text);
    };
    sys.fileExists = (path) => path === ambientFile || fileExists.call(sys, path);
    this.#collectTimers(sys);
    const silent = () => {};
    const host = this.#fork.createWatchCompilerHost(
      [...roots, ambientFile],
      { ...options, ...(compilerOptions(this.#options.typeRoots, this.#options.paths) as ts.CompilerOptions) },
      sys,
      this.#fork.createAbstractBuilder as ts.CreateProgram<ts.BuilderProgram>,
      silent,
      silent,
    );
    let assigned: ((builder: unknown) => void) | undefined;
    // tslab assigns this property after the call and takes what comes in as its builder.
    Object.defineProperty(host as WatchHost, 'afterProgramCreate', {
      get: () => (builder: ts.BuilderProgram) => this.#setBuilder(this.#builder(builder.getProgram())),
      set: (value: (builder: unknown) => void) => {
        assigned = value;
      },
    });
    this.#setBuilder = (builder) => assigned?.(builder);
    return host;
  }

  /** tslab knows one timer and fails at a second; TypeScript has two (program update, lookups to forget). */
  #collectTimers(sys: ts.System): void {
    const arm = sys.setTimeout?.bind(sys);
    if (arm === undefined) throw new Error('tslab gave no setTimeout');
    let armed = false;
    sys.setTimeout = (run: (...args: unknown[]) => void) => {
      const timer = { run: () => run() };
      this.#pending.add(timer);
      if (!armed) {
        armed = true;
        arm(() => {
          try {
            this.#update(() => sys.readFile(this.#cellFile) ?? '');
          } finally {
            armed = false;
          }
        }, 0);
      }
      return timer;
    };
    sys.clearTimeout = (timer: unknown) => void this.#pending.delete(timer as { run: () => void });
  }

  #update(cellText: () => string): void {
    if (this.#namesOnly) {
      this.#namesOnly = false;
      const file = this.#fork.createSourceFile(this.#cellFile, cellText(), { languageVersion: 9 }, true);
      this.#fork.bindSourceFile(file, {});
      if (namesOf(file).size > 0) {
        // tslab now puts `export { names }` behind the cell and asks again: TypeScript's own update waits for that.
        this.#setBuilder({ getSourceFile: (name) => (name === this.#cellFile ? file : undefined) } as CellBuilder);
        return;
      }
    }
    const before = this.#latest;
    for (const timer of this.#pending) {
      this.#pending.delete(timer);
      timer.run();
    }
    // A cell with the text of the one before changes nothing, so TypeScript makes no program, and tslab still has the file of names.
    if (before !== undefined && this.#latest === before) this.#setBuilder(this.#builder(before));
  }

  /** The declaration that the name at `offset` of the cell's file stands for, as of the last inspection. */
  declarationAt(offset: number): ts.Declaration | undefined {
    const file = this.#latest?.getSourceFile(this.#cellFile);
    if (this.#latest === undefined || file === undefined) return undefined;
    let found: ts.Node | undefined;
    const visit = (node: ts.Node): void => {
      if (node.getStart(file) > offset || node.end < offset) return;
      if (this.#fork.isIdentifier(node)) found = node;
      this.#fork.forEachChild(node, visit);
    };
    visit(file);
    return found && this.#latest.getTypeChecker().getSymbolAtLocation(found)?.declarations?.[0];
  }

  /** A file beside the cell, in one step to CommonJS, so that its source map is right. */
  #emitModule(file: ts.SourceFile, write: ts.WriteFileCallback): void {
    if (!/\.(m?ts|tsx|jsx?)$/.test(file.fileName)) return;
    const { outputText } = this.#fork.transpileModule(file.text, { fileName: file.fileName, compilerOptions: MODULE_OPTIONS });
    this.modules.push({ path: file.fileName, code: outputText });
    write(SIDE_OUTPUT, '', false);
  }

  /** tslab knows what it emits by names below the notebook's folder. */
  #nameForTslab(name: string): string {
    return join(OUT_FOLDER, relative(this.folder, `/${relative(OUT_FOLDER, name)}`));
  }

  #builder(program: ts.Program): CellBuilder {
    this.#latest = program;
    return {
      getSourceFile: (name) => {
        program.getTypeChecker(); // binds all files
        const file = program.getSourceFile(name);
        // A file whose top-level await took a second parse keeps the first one as its original. The program knows nothing of that, and
        // naming another module's types in declarations fails on it.
        if (file !== undefined) (file as { original?: ts.Node | undefined }).original = undefined;
        if (file !== undefined && name === this.#cellFile) namesOf(file);
        return file;
      },
      getAllDependencies: (file) => localDependencies(program, file),
      emit: (file, write, token, declarationsOnly, transformers) => {
        if (file.fileName !== this.#cellFile) return this.#emitModule(file, write);
        const named: ts.WriteFileCallback = (name, ...rest) => write(this.#nameForTslab(name), ...rest);
        // The last parameter makes declarations come out also if a type cannot be named or an anonymous class has private members.
        const emit = program.emit as (...args: unknown[]) => unknown;
        return emit(file, named, token, declarationsOnly, transformers, true);
      },
      getProgram: () => program,
    };
  }
}

/** The names that a bound file declares, as tslab reads them. `declare global` is none that could be exported: it is taken out. */
function namesOf(file: ts.SourceFile): ReadonlyMap<string, unknown> {
  const { locals = new Map<string, unknown>() } = file as unknown as { locals?: Map<string, unknown> };
  locals.delete('__global');
  return locals;
}

/** The cell and the notebook's own files that it reaches; packages run from disk. */
function localDependencies(program: ts.Program, root: ts.SourceFile): string[] {
  const found = new Set<string>();
  const visit = (file: ts.SourceFile): void => {
    if (found.has(file.fileName)) return;
    found.add(file.fileName);
    const modules = (
      file as unknown as {
        resolvedModules?: {
          forEach(callback: (value: { resolvedModule?: ts.ResolvedModule; resolvedFileName?: string }) => void): void;
        };
      }
    ).resolvedModules;
    modules?.forEach((value) => {
      const name = value?.resolvedModule?.resolvedFileName ?? value?.resolvedFileName;
      if (name === undefined || name.endsWith('.d.ts') || name.includes('/node_modules/')) return;
      const next = program.getSourceFile(name);
      if (next !== undefined) visit(next);
    });
  };
  visit(root);
  return [...found];
}

function modificationTime(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function isLate({ code, file, start = 0, length = 0 }: ts.Diagnostic): boolean {
  return file !== undefined && isLateImport(code, file.text, start, start + length);
}
