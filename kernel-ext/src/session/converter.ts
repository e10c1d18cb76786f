import type { TypeSource } from 'nbserve/host';
import type { MappedText } from './mapped-text.js';

/**
 * How a name of a cell was declared; what may be done to it later depends on it. `live` is an import whose value may change, and `enum` an enum or a
 * namespace.
 */
export type NameKind = 'const' | 'let' | 'var' | 'function' | 'class' | 'enum' | 'import' | 'live';

/** A cell as the converter gets it. */
export interface CellSource {
  /** File name in errors, `cell[3].ts`. */
  readonly id: string;
  readonly source: MappedText;
  /** Only its syntax is checked. */
  readonly isUnchecked?: boolean;
  /** The scopes from before the cells that still run: what such a cell does not reach stays what it was there. @default none */
  readonly held?: readonly Scope[];
}

/** One complaint of the type checker; offsets are those of the user's cell. */
export interface Diagnostic {
  readonly start: number;
  readonly end: number;
  readonly code: number;
  readonly message: string;
  /** If the complaint is about a file and not about the cell: its path from the notebook's folder. */
  readonly file?: { readonly path: string; readonly line: number; readonly column: number };
}

/** The names of the cells so far, and their types. Only the converter that made a scope can read it. '' is the scope before the first cell. */
export type Scope = string | object;

/** JavaScript, with its source map, of a file that a cell imports by a relative path. */
export interface SideModule {
  /** Path of the TypeScript file. */
  readonly path: string;
  readonly code: string;
  /** The code is an async function expression: the file awaits at its top, or uses one that does. */
  readonly awaits?: boolean;
}

/** A cell made runnable. */
export interface ConvertedCell {
  readonly ok: true;
  /**
   * A function expression `async function (exports, require, __nbs, …)`. Names of earlier cells are read and written as `exports.name`; the cell's
   * own are handed to `__nbs.define({ name: [kind, getter, setter] })` before its first statement; `__nbs.result` gets the last expression.
   */
  readonly code: string;
  /** Names that exist at run time. */
  readonly names: readonly string[];
  readonly hasResult: boolean;
  /** The types of all names after this cell: hand it to the next conversion. */
  readonly scope: Scope;
  readonly sideModules: readonly SideModule[];
  /** Position in `code` (line and column from 0) → offset in the user's cell. */
  toOriginal(line: number, column: number): number | undefined;
}

export interface RefusedCell {
  readonly ok: false;
  readonly diagnostics: readonly Diagnostic[];
}

/** What the name of a completion stands for. Front ends show it beside the name. */
export type CompletionKind =
  | 'class'
  | 'constant'
  | 'enum'
  | 'function'
  | 'interface'
  | 'keyword'
  | 'method'
  | 'module'
  | 'property'
  | 'text'
  | 'type'
  | 'variable';

export interface Candidate {
  readonly name: string;
  readonly kind: CompletionKind;
}

/** What may stand between the offsets `start` and `end`, the likeliest first. */
export interface Completion {
  readonly start: number;
  readonly end: number;
  readonly names: readonly string[];
  /** The kinds of `names`, in the same order. */
  readonly kinds: readonly CompletionKind[];
}

export const completionOf = (start: number, end: number, candidates: readonly Candidate[]): Completion => ({
  start,
  end,
  names: candidates.map(({ name }) => name),
  kinds: candidates.map(({ kind }) => kind),
});

export interface Inspection {
  /** The declaration, `const x: number`. */
  readonly signature: string;
  /** Markdown. */
  readonly documentation: string;
}

/**
 * TypeScript for cells: checks types across cells, makes a cell runnable, completes and explains names.
 * `scope` is '' at first, then `ConvertedCell.scope`.
 * Every implementation passes `kernel-ext/test/converter-contract.ts`.
 */
export interface Converter {
  convert(scope: Scope, cell: CellSource): ConvertedCell | RefusedCell;
  /**
   * The scope after a cell that threw: names in `missing` keep what they were in `before`, and a variable that it assigns may still have its old value.
   * @param present the scope after cells of other subshells that have begun since @default after
   */
  scopeWithout(after: Scope, before: Scope, missing: ReadonlySet<string>, present?: Scope): Scope;
  /**
   * The scope after a cell that has ended without a value in these variables of `var`.
   * @param isWhole false if the cell threw, so that it may not have reached their declarations
   */
  scopeUnset?(scope: Scope, unset: ReadonlySet<string>, isWhole: boolean): Scope;
  /** Offsets are those of `code`. */
  complete(scope: Scope, code: string, offset: number): Completion;
  inspect(scope: Scope, code: string, offset: number): Inspection | undefined;
  /** The notebook's own file that code in `folder` means by `specifier`, with what has to be loaded anew for it. */
  sideModule?(folder: string, specifier: string): { readonly path: string; readonly modules: readonly SideModule[] } | undefined;
  /** The same without loading anything. */
  fileOf?(folder: string, specifier: string): string | undefined;
  /** The options of the notebook's `tsconfig.json` that its cells and files are compiled with now. */
  compilerOptions?(): Readonly<Record<string, unknown>>;
  /** The modules to load anew, so that files beside the notebook await a package that awaits at its top level. */
  awaitPackage?(specifier: string): readonly SideModule[];
  isComplete(code: string): { status: 'complete' | 'invalid' } | { status: 'incomplete'; indent: string };
  /**
   * Only if the checker can be asked: about the module of a cell that ran, by its id.
   * @returns undefined for a cell without a class
   */
  askTypes?: TypeSource;
  /**
   * The pid of the process that checks the types, if the converter has one and while it runs. If somebody ends that process, the question that it was asked
   * throws KeyboardInterrupt, and the next question starts another process. A converter without this method can only be terminated, and cannot be used afterwards.
   */
  checker?(): number | undefined;
  /** The session calls this after the first cell has been answered. It takes 15 ms, and the first long cell is then converted in half of the time. */
  practise?(): void;
  dispose(): void;
}
