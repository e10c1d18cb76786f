import { join } from 'node:path';
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
import { KeyboardInterrupt, TypeCheckerFailed } from '../errors.js';
import { projectConfig } from './project-config.js';

// The only file of the kernel that knows TypeScript 7's API, which is not stable yet: `typescript7` is pinned to one version, here and in nbserve.

export type { Checker, Diagnostic, Emitter, SourceFile, Type, TypeSymbol };
export { CompletionItemKind, ObjectFlags, SignatureKind, SymbolFlags };

/** How a type can be called, or made with `new`: `(x: number): string` for each overload. */
export function signaturesOf(checker: Checker, emitter: Emitter, type: Type, isNew: boolean): string[] {
  return checker.getSignaturesOfType(type, isNew ? SignatureKind.Construct : SignatureKind.Call).flatMap((signature) => {
    const node = checker.signatureToSignatureDeclaration(signature, SyntaxKind.CallSignature);
    return node === undefined ? [] : emitter.printNode(node).replace(/;$/, '');
  });
}

/** TypeScript 7.0 completes names without a dot in no way but this error. */
export const wantsPlainNames = (error: unknown): boolean => /needs auto imports/.test(String(error));

export interface ProjectOptions {
  /** Declarations that every cell sees. */
  readonly ambient: string;
  /** Packages whose types come from the kernel and not from the notebook's folder: name → files. */
  readonly paths: Readonly<Record<string, readonly string[]>>;
  /** Compiler options of the notebook's own `tsconfig.json`. */
  readonly compilerOptions?: Readonly<Record<string, unknown>>;
}

export interface TypeServerOptions extends ProjectOptions {
  /** The folder that cells seem to lie in. */
  readonly folder: string;
  /** Names of the files that the project begins at. */
  readonly roots: readonly string[];
  /** Whether an interrupt was asked for that this thread could not be told of yet. A server that ends then was ended for it. */
  readonly interruptPending?: () => boolean;
}

/** Names of the files that exist in memory only. */
const OWN_NAME = '/__nbs';
const AMBIENT_FILE = '__nbserve__.d.ts';
const CONFIG_FILE = '__nbserve__.tsconfig.json';

/** One changed file is exchanged (0.6 ms); for several at once TypeScript makes its program anew (20 ms). */
const MOST_SINGLY = 20;

/** Keeps the server small: its memory is 91 MiB instead of 129, and a check takes no longer. If it is ended by a signal, it prints no stacks into the cell. */
const SERVER_ENV = { GOGC: '25', GOTRACEBACK: 'none' };

/** What the API keeps to itself. */
interface Channel {
  readonly child: { readonly pid?: number };
  requestSync(method: 'echo', payload: string): string;
}

/** What the types say of files in memory: a project of TypeScript 7, in a process of its own, asked synchronously. */
export class TypeServer {
  readonly #options: TypeServerOptions;
  readonly #config: string;
  /** Path → text of the files in memory. */
  readonly #files = new Map<string, string>();
  /** Paths of #files that the server has not heard of in their present form. */
  readonly #changed = new Set<string>();
  /** Paths of #files that the server knows. */
  readonly #known = new Set<string>();
  #api: API | undefined;
  #snapshot: Snapshot | undefined;
  #everythingChanged = false;
  #interrupted = false;

  constructor(options: TypeServerOptions) {
    this.#options = options;
    this.#config = join(options.folder, CONFIG_FILE);
    this.configure(options);
  }

  /** The next question is about a project with these options; a server that runs is ended. */
  configure({ ambient, paths, compilerOptions = {} }: ProjectOptions): void {
    const { folder, roots } = this.#options;
    this.#files.set(join(folder, AMBIENT_FILE), ambient);
    const files = [AMBIENT_FILE, ...roots].map((name) => join(folder, name));
    this.#files.set(this.#config, projectConfig(files, paths, compilerOptions));
    this.close();
  }

  /** Gives a file in memory its text. @returns its path */
  set(name: string, text: string): string {
    const path = this.pathOf(name);
    if (this.#files.get(path) === text) return path;
    this.#files.set(path, text);
    this.#changed.add(path);
    return path;
  }

  pathOf(name: string): string {
    return join(this.#options.folder, name);
  }

  /** Makes the next question look at the disk anew: packages may have been installed, files written. */
  forgetFiles(): void {
    this.#everythingChanged = true;
  }

  /**
   * What is wrong with a file.
   * @param parsed another parser had no complaint, so that syntax need not be asked for
   */
  diagnostics(path: string, parsed: boolean): readonly Diagnostic[] {
    const syntax = this.syntaxFaults(path, parsed);
    if (syntax.length > 0) return syntax;
    // What is required and not imported is no part of the program.
    return this.ask((program) => (program.getSourceFileMetadata(path) === undefined ? [] : program.getSemanticDiagnostics(path)));
  }

  /** What of it is no TypeScript. @param parsed as with {@link diagnostics} */
  syntaxFaults(path: string, parsed: boolean): readonly Diagnostic[] {
    if (parsed) return [];
    return this.ask((program) =>
      program.getSourceFileMetadata(path) === undefined ? [] : program.getSyntacticDiagnostics(path),
    );
  }

  /**
   * Asks the server as of the files' present text. A server that died, for whatever reason, is started again, and asked once more.
   * @throws KeyboardInterrupt if the server was ended by {@link interrupt}, or during an interrupt; NBS_TYPE_CHECKER if it fails again
   */
  ask<T>(question: (program: Program, checker: Checker, emitter: Emitter) => T): T {
    try {
      return this.#ask(question);
    } catch {
      this.close();
      if (this.#interrupted || this.#options.interruptPending?.() === true) throw new KeyboardInterrupt();
      return this.#again(question);
    } finally {
      this.#interrupted = false;
    }
  }

  #again<T>(question: (program: Program, checker: Checker, emitter: Emitter) => T): T {
    try {
      return this.#ask(question);
    } catch (error) {
      this.close();
      if (this.#interrupted || this.#options.interruptPending?.() === true) throw new KeyboardInterrupt();
      throw TypeCheckerFailed({ reason: String((error as Error).message).split('\n')[0] ?? '' }, error);
    }
  }

  /** Process id of the server while there is one: another thread that ends it ends the question. */
  get pid(): number | undefined {
    return this.#channel?.child.pid;
  }

  get #channel(): Channel | undefined {
    return (this.#api as unknown as { client: { channel: Channel } } | undefined)?.client.channel;
  }

  /** The server's end, which comes next or came just now, is wanted: the question under way throws. */
  interrupt(): void {
    this.#interrupted = true;
  }

  close(): void {
    const { pid } = this;
    const api = this.#api;
    this.#api = undefined;
    this.#snapshot = undefined;
    this.#known.clear();
    for (const path of this.#files.keys()) this.#changed.add(path);
    try {
      // `api.close()` sends SIGTERM, upon which the server prints "context canceled" to stderr: into a cell.
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
    const answer = question(project.program, project.checker, project.emitter);
    // A server that a signal has reached answers one more request, with nothing in it, and ends. A second one shows it.
    this.#channel?.requestSync('echo', '');
    return answer;
  }

  #update(api: API, change: Parameters<API['updateSnapshot']>[0]): void {
    const before = this.#snapshot;
    this.#snapshot = api.updateSnapshot(change);
    before?.dispose();
  }

  #start(): API {
    const isOwn = (path: string): boolean =>
      path.startsWith(this.#options.folder) && path.includes(OWN_NAME, this.#options.folder.length);
    const before = Object.keys(SERVER_ENV).map((name) => [name, process.env[name]] as const);
    Object.assign(process.env, SERVER_ENV);
    try {
      return new API({
        cwd: this.#options.folder,
        fs: {
          // `undefined` is "look on the disk", `null` is "not there".
          readFile: (path) => (isOwn(path) ? (this.#files.get(path) ?? null) : undefined),
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
