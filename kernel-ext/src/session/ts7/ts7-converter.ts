import { readFileSync } from 'node:fs';
import { isNbserveError } from 'nbserve/errors';
import { isSilenced } from '../compiler-options.js';
import type {
  CellSource,
  Completion,
  ConvertedCell,
  Converter,
  Diagnostic,
  Inspection,
  RefusedCell,
  Scope,
  SideModule,
} from '../converter.js';
import { CannotParse } from '../errors.js';
import { CANNOT_FIND_MODULE, isLateImport } from '../late-import.js';
import { LineIndex, type MappedText } from '../mapped-text.js';
import { completeness, syntaxFault } from '../syntax.js';
import { builtinPaths } from './builtin-paths.js';
import { cellCode } from './cell-code.js';
import { HUB } from './cell-module.js';
import { CellModules, narrowed } from './cell-modules.js';
import { CellQuestions } from './cell-questions.js';
import { type CellScope, cellScope, scopeName } from './cell-scope.js';
import { importedNames } from './import-edits.js';
import { GLOBALS, LateGlobals, splitAmbient } from './late-globals.js';
import { NODE_GLOBALS } from './node-globals.js';
import { NotebookConfig } from './notebook-config.js';
import { OldFiles } from './old-files.js';
import { type ParsedCell, parsedCell, typesAlone } from './parsed-cell.js';
import { readable } from './readable.js';
import { convertSample } from './sample-cell.js';
import { SideModules } from './side-modules.js';
import {
  type Checker,
  type Diagnostic as Complaint,
  type ProjectOptions,
  type SourceFile,
  SymbolFlags,
  TypeServer,
} from './type-server.js';

/** The checker found a package, but no types for it. */
const NO_TYPES = 7016;

export interface Ts7Options {
  readonly folder: string;
  readonly ambient: string;
  readonly paths: Readonly<Record<string, readonly string[]>>;
  /** See `TypeServerOptions`. */
  readonly interruptPending?: () => boolean;
}

/** The converter for TypeScript 7, which runs as a process beside the kernel. Each cell is a module of its own; see {@link CellModules}. */
export class Ts7Converter implements Converter {
  readonly #folder: string;
  readonly #options: Ts7Options;
  readonly #base: string;
  readonly #builtins = builtinPaths();
  readonly #globals: LateGlobals;
  #config: NotebookConfig;
  readonly #server: TypeServer;
  readonly #modules: CellModules;
  readonly #sides: SideModules;
  readonly #oldFiles: OldFiles;
  readonly #questions: CellQuestions;
  /** The texts of cells with classes, by the ids of the cells. */
  readonly #classes = new Map<string, string>();

  constructor(options: Ts7Options) {
    const { folder, ambient, interruptPending = () => false } = options;
    this.#options = options;
    this.#folder = folder;
    const { base, imported } = splitAmbient(ambient);
    this.#base = base;
    this.#config = new NotebookConfig(folder);
    this.#server = new TypeServer({ ...this.#project(), folder, roots: [HUB, GLOBALS], interruptPending });
    this.#globals = new LateGlobals(this.#server, imported);
    this.#modules = new CellModules(this.#server);
    this.#sides = new SideModules(folder, this.#config);
    this.#oldFiles = new OldFiles(this.#server);
    this.#questions = new CellQuestions({ server: this.#server, modules: this.#modules, globals: this.#globals, ambient });
    this.#server.begin();
  }

  convert(scopeBefore: Scope, { id, source, isUnchecked = false, held = [] }: CellSource): ConvertedCell | RefusedCell {
    this.#modules.hold(held.map(cellScope));
    const known = cellScope(scopeBefore);
    const { text } = source;
    const parsed = parsedCell(text);
    this.#globals.declareFor(text);
    this.#readConfig();
    this.#keepOldFiles();
    const haveChanged = this.#sides.forgetChanged();
    const sides = this.#sides.reached(parsed?.specifiers ?? []);
    if (haveChanged || this.#sides.hasFresh) this.#server.forgetFiles();
    // If the cell assigns a variable first, the variable has its declared type, and not the type of its old value.
    const assigning = parsed === undefined ? undefined : narrowed(known, parsed);
    let scope = assigning ?? known;
    let { written, found } = this.#checked(scope, id, text, parsed, sides, isUnchecked);
    if (assigning !== undefined && found.length > 0) {
      scope = known;
      ({ written, found } = this.#checked(scope, id, text, parsed, sides, isUnchecked));
    }
    const shown = (message: string): string => readable(message, this.#folder, (slot) => this.#modules.cellOf(slot, written));
    const { path } = written;
    const diagnostics = found.map((one) => this.#diagnostic(one, shown, path, text, source.toOriginal));
    if (diagnostics.length > 0) return { ok: false, diagnostics };
    const late =
      parsed && !isUnchecked
        ? this.#modules.renewedFault(parsed, written, (code, message) => this.#isSilenced(code, message), shown)
        : undefined;
    if (late !== undefined) {
      const [start, end] = [source.toOriginal(late.pos), source.toOriginal(late.end)];
      return { ok: false, diagnostics: [{ start, end, code: late.code, message: late.message }] };
    }
    if (parsed === undefined) throw CannotParse({ reason: syntaxFault(text) });
    const syntax = this.#withoutTypes(path, parsed);
    const { code, names, hasResult, toOriginal } = cellCode(
      text,
      syntax,
      (name) => scopeName(scope, name)?.hasValue === true,
      this.#config.esbuild,
      (specifier) => this.#sides.isLive(specifier),
      isUnchecked,
    );
    // If the same cell runs again, its types do not change. Instances of its classes stay assignable, even if the classes have private members.
    const after = this.#modules.same(scope, text, syntax, written) ? scope : this.#modules.accept(scope, text, syntax, written);
    if (/\bclass\b/.test(text)) this.#classes.set(id, text);
    return {
      ok: true,
      code,
      names,
      hasResult,
      scope: after,
      sideModules: this.#sides.taken(),
      toOriginal: composed(toOriginal, source, text.length),
    };
  }

  scopeWithout(after: Scope, before: Scope, missing: ReadonlySet<string>, present = after): Scope {
    if (present !== after) return this.#modules.returned(cellScope(present), cellScope(before), missing);
    if (after === before) return before;
    return this.#modules.without(cellScope(after), cellScope(before), missing);
  }

  scopeUnset(scope: Scope, unset: ReadonlySet<string>, isWhole: boolean): Scope {
    return this.#modules.unset(cellScope(scope), unset, isWhole);
  }

  askTypes<T>(cellId: string, ask: (checker: Checker, file: SourceFile) => T): T | undefined {
    const text = this.#classes.get(cellId);
    if (text === undefined) return undefined;
    const outcome = this.#modules.asked(text, parsedCell(text), (path) =>
      this.#server.ask((program, checker) => {
        const file = program.getSourceFile(path);
        try {
          return { answer: file === undefined ? undefined : ask(checker, file) };
        } catch (error) {
          // An error in the user's types must not restart the server.
          if (isNbserveError(error)) return { refusal: error };
          throw error;
        }
      }),
    );
    if ('refusal' in outcome) throw outcome.refusal;
    return outcome.answer;
  }

  complete(scopeBefore: Scope, code: string, offset: number): Completion {
    return this.#questions.complete(cellScope(scopeBefore), code, offset);
  }

  inspect(scopeBefore: Scope, code: string, offset: number): Inspection | undefined {
    return this.#questions.inspect(cellScope(scopeBefore), code, offset);
  }

  sideModule(folder: string, specifier: string): ReturnType<NonNullable<Converter['sideModule']>> {
    const path = this.#sides.find(folder, specifier);
    if (path === undefined) return undefined;
    this.#sides.reached([path]);
    return { path, modules: this.#sides.taken() };
  }

  fileOf(folder: string, specifier: string): string | undefined {
    return this.#sides.find(folder, specifier);
  }

  compilerOptions(): Readonly<Record<string, unknown>> {
    return { ...this.#config.esbuild.compilerOptions };
  }

  awaitPackage(specifier: string): readonly SideModule[] {
    this.#sides.awaitPackage(specifier);
    return this.#sides.taken();
  }

  isComplete(code: string): ReturnType<Converter['isComplete']> {
    return completeness(code);
  }

  practise(): void {
    convertSample();
  }

  checker(): number | undefined {
    return this.#server.pid;
  }

  dispose(): void {
    this.#server.close();
  }

  #project(): ProjectOptions {
    const { hasDom, options: compilerOptions, paths: own } = this.#config;
    const ambient = hasDom ? this.#base : this.#base + NODE_GLOBALS;
    return { ambient, paths: { ...this.#builtins, ...own, ...this.#options.paths }, compilerOptions };
  }

  /** Reads the `tsconfig.json` again if it has changed; it applies from the next cell on. */
  #readConfig(): void {
    if (this.#config.hasChanged) {
      this.#config = new NotebookConfig(this.#folder);
      this.#questions.forgetGlobals();
      this.#sides.configure(this.#config);
      this.#server.configure(this.#project());
    }
    this.#config.assertRead();
  }

  /** If files have changed since cells imported them, the types of these cells stay as they were, because their values do. */
  #keepOldFiles(): void {
    const old = this.#sides.takeChanged();
    if (old.size === 0) return;
    const copies = this.#oldFiles.keep(old);
    this.#oldFiles.forgetOthers(this.#modules.keepFiles((specifier) => copies.get(this.#sides.resolved(specifier) ?? '')));
    this.#server.forgetFiles();
  }

  #checked(
    scope: CellScope,
    id: string,
    text: string,
    syntax: ParsedCell | undefined,
    sides: readonly string[],
    isUnchecked: boolean,
  ) {
    const written = this.#modules.write(scope, id, text, syntax);
    const isClean = syntax?.isClean === true;
    return {
      written,
      found: isUnchecked ? this.#server.syntaxFaults(written.path, isClean) : this.#check(written.path, text, sides, isClean),
    };
  }

  #isSilenced(code: number, message: string, place?: () => string): boolean {
    return isSilenced(code, message, place) && !this.#config.asksForAnnotations;
  }

  #check(path: string, text: string, sides: readonly string[], parsed: boolean): Complaint[] {
    const sourceOf = ({ fileName }: Complaint): string =>
      fileName === undefined || fileName === path ? text : readFileSync(fileName, 'utf8');
    const isSilencedAt = (one: Complaint): boolean =>
      this.#isSilenced(one.code, one.text, () => sourceOf(one).slice(one.pos, one.end));
    const ask = (): Complaint[] => {
      const found = [...this.#server.diagnostics(path, parsed)];
      for (const side of sides) found.push(...this.#server.diagnostics(side, false));
      return found.filter((one) => !isSilencedAt(one) || CANNOT_FIND_MODULE.has(one.code));
    };
    let found = ask();
    // A file beside the notebook may use a global that the cell does not mention, and a message may propose one.
    if (found.length > 0 && this.#globals.declareAll()) found = ask();
    if (!found.some(({ code }) => CANNOT_FIND_MODULE.has(code))) return found;
    // It may have been installed since the server last looked.
    this.#server.forgetFiles();
    // A package without types can be used, as in JavaScript.
    return ask()
      .filter((one) => !isSilencedAt(one) && one.code !== NO_TYPES)
      .filter((one) => !isLateImport(one.code, sourceOf(one), one.pos, one.end));
  }

  #diagnostic(
    one: Complaint,
    shown: (message: string) => string,
    path: string,
    text: string,
    toOriginal: (offset: number) => number,
  ): Diagnostic {
    const message = shown(messageOf(one));
    const { code, fileName } = one;
    if (fileName !== undefined && fileName !== path) {
      const { line, column: at } = positionIn(fileName, one.pos);
      const shown = fileName.startsWith(`${this.#folder}/`) ? fileName.slice(this.#folder.length + 1) : fileName;
      return { start: 0, end: 0, code, message, file: { path: shown, line, column: at } };
    }
    const offset = (at: number): number => toOriginal(Math.max(0, Math.min(at, text.length)));
    return { start: offset(one.pos), end: offset(one.end), code, message };
  }

  /** Marks imported names that are types only, although the import does not say `type`; they are not imported at run time. */
  #withoutTypes(path: string, syntax: ParsedCell): ParsedCell {
    const imported = importedNames(syntax);
    if (imported.length === 0) return syntax;
    const types = this.#server.ask((_, checker) => {
      const symbols = checker.getSymbolAtPosition(
        path,
        imported.map(({ at }) => at),
      );
      return imported.filter((_one, i) => {
        const symbol = symbols[i];
        if (symbol === undefined || (symbol.flags & SymbolFlags.Alias) === 0) return false;
        const target = checker.getAliasedSymbol(symbol);
        return !checker.isUnknownSymbol(target) && (target.flags & (SymbolFlags.Value | SymbolFlags.Alias)) === 0;
      });
    });
    return typesAlone(
      syntax,
      types.map(({ name }) => name),
    );
  }
}

/** This closure is kept as long as the session, so it is made here: in `convert`, it would keep the scope alive, which holds all names. */
const composed =
  (inner: ConvertedCell['toOriginal'], { toOriginal }: MappedText, length: number): ConvertedCell['toOriginal'] =>
  (line, column) => {
    const offset = inner(line, column);
    return offset === undefined ? undefined : toOriginal(Math.min(offset, length));
  };

function messageOf(one: Complaint, depth = 0): string {
  const lines = [`${'  '.repeat(depth)}${one.text}`];
  for (const next of one.messageChain ?? []) lines.push(messageOf(next, depth + 1));
  return lines.join('\n');
}

function positionIn(file: string, offset: number): { line: number; column: number } {
  try {
    return new LineIndex(readFileSync(file, 'utf8')).position(offset);
  } catch {
    return { line: 0, column: 0 };
  }
}
