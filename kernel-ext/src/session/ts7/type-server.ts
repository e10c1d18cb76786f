import { join, resolve } from 'node:path';
import { type SourceFile, SyntaxKind } from 'typescript7/unstable/ast';
import {
  API,
  type Checker,
  CompletionItemKind,
  type Diagnostic,
  type Emitter,
  ObjectFlags,
  type Program,
  SignatureKind,
  type Snapshot,
  SymbolFlags,
  type Type,
  type Symbol as TypeSymbol,
} from 'typescript7/unstable/sync';
import { KeyboardInterrupt } from '../../guard/index.js';
import { typescriptProgram } from '../../versions/index.js';
import { CheckerDoesNotStart, TypeCheckerFailed } from '../errors.js';
import { JoinedLibraries } from './joined-libraries.js';
import { librariesOf, projectConfig } from './project-config.js';

// Only this file uses TypeScript 7's API, which is not stable yet. So `typescript7` is pinned to one version, here and in nbserve.

export type { Checker, Diagnostic, Emitter, SourceFile, Type, TypeSymbol };
export { CompletionItemKind, ObjectFlags, SignatureKind, SymbolFlags };

/** The signatures for calling a type, or for `new`: `(x: number): string` for each overload. */
export function signaturesOf(checker: Checker, emitter: Emitter, type: Type, isNew: boolean): string[] {
  return checker.getSignaturesOfType(type, isNew ? SignatureKind.Construct : SignatureKind.Call).flatMap((signature) => {
    const node = checker.signatureToSignatureDeclaration(signature, SyntaxKind.CallSignature);
    return node === undefined ? [] : emitter.printNode(node).replace(/;$/, '');
  });
}

/** If names without a dot are to be completed, TypeScript 7.0 only throws this error. */
export const wantsPlainNames = (error: unknown): boolean => /needs auto imports/.test(String(error));

export interface ProjectOptions {
  /** The declarations that every cell sees. */
  readonly ambient: string;
  /** The packages whose types come from the kernel and not from the notebook's folder: name → files. */
  readonly paths: Readonly<Record<string, readonly string[]>>;
  /** Compiler options from the notebook's own `tsconfig.json`. */
  readonly compilerOptions?: Readonly<Record<string, unknown>>;
}

export interface TypeServerOptions extends ProjectOptions {
  /** The folder in which the cells' files appear to be. */
  readonly folder: string;
  /** The names of the root files of the project. */
  readonly roots: readonly string[];
  /** True if an interrupt was requested, but this thread could not be told yet. If the server ends then, the interrupt has ended it. */
  readonly interruptPending?: () => boolean;
}

/** The names of the files that exist only in memory begin with this. */
const OWN_NAME = '/__nbs';
const AMBIENT_FILE = '__nbserve__.d.ts';
const CONFIG_FILE = '__nbserve__.tsconfig.json';

/** TypeScript can exchange one changed file at a time (0.6 ms). If several files change at once, it makes its program again (20 ms). */
const MOST_SINGLY = 20;

/**
 * With `GOGC=50`, the server would need 70 MiB instead of 81 after 130 cells, but 40 ms more of CPU time (160 instead of 120) for the first question, and as
 * much memory after it. With `GOTRACEBACK`, a server that a signal ends prints no stacks into the cell.
 */
const SERVER_ENV = { GOGC: '100', GOTRACEBACK: 'none' };

/** Private parts of the API. */
interface Channel {
  readonly child: { readonly pid?: number };
  requestSync(method: 'echo', payload: string): string;
}

/**
 * Answers questions about the types in files that exist in memory. TypeScript 7 has a project with these files, in a process of its own, and each call waits
 * for its answer.
 */
export class TypeServer {
  readonly #options: TypeServerOptions;
  readonly #config: string;
  /** The files in memory: path → text. */
  readonly #files = new Map<string, string>();
  /** The paths of files in memory whose present text the server does not have. */
  readonly #changed = new Set<string>();
  /** The paths of files in memory that the server knows. */
  readonly #known = new Set<string>();
  #libraries = new JoinedLibraries([]);
  #api: API | undefined;
  #snapshot: Snapshot | undefined;
  /** The snapshot before the present one. After the question, the server is asked to release it, which is a request that has to be sent anyway. */
  #previous: Snapshot | undefined;
  #everythingChanged = false;
  #hasAnswered = false;

  constructor(options: TypeServerOptions) {
    this.#options = options;
    this.#config = join(options.folder, CONFIG_FILE);
    this.configure(options);
  }

  /** Sets the options of the project. A server that runs is ended, and the next question starts one. */
  configure({ ambient, paths, compilerOptions = {} }: ProjectOptions): void {
    const { folder, roots } = this.#options;
    this.#files.set(join(folder, AMBIENT_FILE), ambient);
    const files = [AMBIENT_FILE, ...roots].map((name) => join(folder, name));
    this.#files.set(this.#config, projectConfig(files, paths, compilerOptions));
    this.#libraries = new JoinedLibraries(librariesOf(compilerOptions));
    this.close();
  }

  /** Sets the text of a file in memory. @returns its path */
  set(name: string, text: string): string {
    const path = this.pathOf(name);
    if (this.#files.get(path) === text) return path;
    this.#files.set(path, text);
    this.#changed.add(path);
    return path;
  }

  /** Removes a file from memory. */
  remove(path: string): void {
    this.#files.delete(path);
    this.#changed.delete(path);
    this.#known.delete(path);
    this.#everythingChanged = true;
  }

  /** @param name from the notebook's folder, or an absolute path */
  pathOf(name: string): string {
    return resolve(this.#options.folder, name);
  }

  /** The paths of the libraries in which the project's global types are. */
  libraryFiles(): readonly string[] {
    const known = this.ask((program) => program.getSourceFileNames().filter((path) => /\/lib\.[^/]*\.d\.ts$/.test(path)));
    return [...new Set([...known, ...this.#libraries.files])];
  }

  /** Makes the next question read the disk again, because packages may have been installed or files written. */
  forgetFiles(): void {
    this.#everythingChanged = true;
  }

  /**
   * Returns the errors in a file.
   * @param parsed true if another parser found no error, so that the syntax need not be checked
   */
  diagnostics(path: string, parsed: boolean): readonly Diagnostic[] {
    const syntax = this.syntaxFaults(path, parsed);
    if (syntax.length > 0) return syntax;
    return this.ask((program) => (this.#isIn(program, path) ? program.getSemanticDiagnostics(path) : []));
  }

  /** Returns the syntax errors in a file. @param parsed as in {@link diagnostics} */
  syntaxFaults(path: string, parsed: boolean): readonly Diagnostic[] {
    if (parsed) return [];
    return this.ask((program) => (this.#isIn(program, path) ? program.getSyntacticDiagnostics(path) : []));
  }

  /** A file on the disk that is loaded with `require`, and not imported, is not part of the program. */
  #isIn(program: Program, path: string): boolean {
    return this.#files.has(path) || program.getSourceFileMetadata(path) !== undefined;
  }

  /**
   * Asks the server about the present texts of the files. If the server has died, for whatever reason, it is started again and asked once more.
   * @throws KeyboardInterrupt if the server was ended during an interrupt; NBS_TYPE_CHECKER if the second attempt fails; NBS_NO_TYPE_CHECKER if it never worked
   */
  ask<T>(question: (program: Program, checker: Checker, emitter: Emitter) => T): T {
    try {
      return this.#ask(question);
    } catch {
      this.close();
      if (this.#options.interruptPending?.() === true) throw new KeyboardInterrupt();
      return this.#again(question);
    }
  }

  #again<T>(question: (program: Program, checker: Checker, emitter: Emitter) => T): T {
    try {
      return this.#ask(question);
    } catch (error) {
      this.close();
      if (this.#options.interruptPending?.() === true) throw new KeyboardInterrupt();
      const reason = String((error as Error).message).split('\n')[0] ?? '';
      throw this.#hasAnswered ? TypeCheckerFailed({ reason }, error) : CheckerDoesNotStart({ reason }, error);
    }
  }

  /** Starts the process, which then boots beside this thread's other work. The first question would start it, too. */
  begin(): void {
    try {
      this.#api ??= this.#start();
    } catch {
      // The first question says why.
    }
    this.#libraries.prepare();
  }

  /** The process id of the server, if there is one. If another thread ends this process, the question ends. */
  get pid(): number | undefined {
    return this.#channel?.child.pid;
  }

  get #channel(): Channel | undefined {
    return (this.#api as unknown as { client: { channel: Channel } } | undefined)?.client.channel;
  }

  close(): void {
    const { pid } = this;
    const api = this.#api;
    this.#api = undefined;
    this.#snapshot = undefined;
    this.#previous = undefined;
    this.#known.clear();
    for (const path of this.#files.keys()) this.#changed.add(path);
    try {
      // `api.close()` sends SIGTERM. The server would then print "context canceled" to stderr, which appears in a cell.
      if (pid !== undefined) process.kill(pid, 'SIGKILL');
    } catch {
      // The process has ended already.
    }
    try {
      api?.close();
    } catch {
      // The process has ended already.
    }
  }

  #ask<T>(question: (program: Program, checker: Checker, emitter: Emitter) => T): T {
    this.#api ??= this.#start();
    const changed = [...this.#changed].filter((path) => this.#known.has(path));
    const created = [...this.#changed].filter((path) => !this.#known.has(path));
    if (this.#snapshot === undefined) this.#update(this.#api, { openProjects: [this.#config] });
    else if (this.#everythingChanged) this.#update(this.#api, { fileChanges: { invalidateAll: true } });
    else if (created.length > 0 || changed.length > MOST_SINGLY) this.#update(this.#api, { fileChanges: { changed, created } });
    else for (const path of changed) this.#update(this.#api, { fileChanges: { changed: [path] } });
    for (const path of created) this.#known.add(path);
    this.#changed.clear();
    this.#everythingChanged = false;
    if (this.#snapshot === undefined) throw new Error('TypeScript gave no snapshot');
    const project = this.#snapshot.getProject(this.#config);
    if (project === undefined) throw new Error('TypeScript has no project for the notebook');
    // Also if the question itself fails, the checker has started.
    this.#hasAnswered = true;
    const answer = question(project.program, project.checker, project.emitter);
    // A server that a signal has reached answers one more request, with an empty result, and then ends. A second request fails and so reveals this.
    if (this.#previous === undefined) this.#channel?.requestSync('echo', '');
    else this.#forgetPrevious();
    return answer;
  }

  #update(api: API, change: Parameters<API['updateSnapshot']>[0]): void {
    this.#forgetPrevious();
    const before = this.#snapshot;
    this.#snapshot = api.updateSnapshot(change);
    this.#previous = before;
  }

  #forgetPrevious(): void {
    const previous = this.#previous;
    this.#previous = undefined;
    previous?.dispose();
  }

  #start(): API {
    const isOwn = (path: string): boolean =>
      this.#files.has(path) || (path.startsWith(this.#options.folder) && path.includes(OWN_NAME, this.#options.folder.length));
    const path = typescriptProgram();
    const before = Object.keys(SERVER_ENV).map((name) => [name, process.env[name]] as const);
    Object.assign(process.env, SERVER_ENV);
    try {
      return new API({
        cwd: this.#options.folder,
        ...(path === undefined ? {} : { tsserverPath: path }),
        fs: {
          // `undefined` means that the server reads the disk; `null` means that the file does not exist.
          readFile: (path) => (isOwn(path) ? (this.#files.get(path) ?? null) : this.#libraries.textOf(path)),
          fileExists: (path) => (isOwn(path) ? this.#files.has(path) : undefined),
        },
      });
    } finally {
      for (const [name, value] of before) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
    }
  }
}
