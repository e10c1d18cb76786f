import { readFileSync } from 'node:fs';
import type { Candidate, Completion, Inspection } from '../converter.js';
import { placeAt } from '../cursor-place.js';
import type { CellModules } from './cell-modules.js';
import { type CellScope, type DeclaredKind, scopeName } from './cell-scope.js';
import { type Draft, entriesAt, fitting, NAMED, plainNames, typesIn } from './completions.js';
import type { LateGlobals } from './late-globals.js';
import { parsedCell } from './parsed-cell.js';
import { describeSymbol, documentationOf } from './symbol-text.js';
import { type Checker, SymbolFlags, type TypeServer, type TypeSymbol } from './type-server.js';

export interface CellQuestionsOptions {
  readonly server: TypeServer;
  readonly modules: CellModules;
  readonly globals: LateGlobals;
  /** Declarations of the names that every cell has. */
  readonly ambient: string;
}

/** Answers questions about code that is being typed: how it can go on, and what a name in it is. */
export class CellQuestions {
  readonly #server: TypeServer;
  readonly #modules: CellModules;
  readonly #lateGlobals: LateGlobals;
  readonly #ambientNames: readonly Candidate[];
  #globals: readonly Candidate[] | undefined;
  #types: readonly Candidate[] | undefined;

  constructor({ server, modules, globals, ambient }: CellQuestionsOptions) {
    this.#server = server;
    this.#modules = modules;
    this.#lateGlobals = globals;
    this.#ambientNames = [...ambient.matchAll(/^declare (const|let|var|function|class) (\w+)/gm)].map(([, kind, name]) => ({
      name: name as string,
      kind: COMPLETED[kind as DeclaredKind],
    }));
  }

  /** To be called when the options of the project have changed. */
  forgetGlobals(): void {
    this.#globals = undefined;
  }

  complete(scope: CellScope, code: string, offset: number): Completion {
    const place = placeAt(code, offset);
    const syntax = parsedCell(code);
    this.#lateGlobals.declareFor(code);
    const draft = this.#modules.draft(scope, code, syntax);
    let found = this.#server.ask((_, checker) => entriesAt(checker, draft, offset));
    const object = place.kind === 'text' ? OPTIONAL_KEY.exec(code.slice(0, place.from))?.[1] : undefined;
    // If an object may be undefined, TypeScript offers its keys only after a dot.
    if (object !== undefined && found?.length === 0) {
      const members = this.#modules.draft(scope, object, undefined);
      found = this.#server.ask((_, checker) => entriesAt(checker, members, object.length));
    }
    if (found !== undefined || place.kind !== 'code') return fitting(code, offset, place, found ?? []);
    const names = {
      notebook: [...candidatesOf(syntax?.names ?? []), ...candidatesOf(scope.names).reverse()],
      ambient: this.#ambientNames,
      global: this.#globalNames(scope),
      types: () => this.#globalTypes(),
    };
    // The names of the globals were asked for with another draft, so this draft must be written again.
    const again = this.#modules.draft(scope, code, syntax);
    return fitting(
      code,
      offset,
      place,
      this.#server.ask((_, checker) => plainNames(checker, again, code, offset, names)),
    );
  }

  inspect(scope: CellScope, code: string, offset: number): Inspection | undefined {
    const place = placeAt(code, offset);
    if (!/[\p{ID_Continue}$]/u.test(code[offset] ?? '') || place.kind === 'comment') return undefined;
    const syntax = parsedCell(code);
    this.#lateGlobals.declareFor(code);
    const { path, shift, head } = this.#modules.draft(scope, code, syntax);
    return this.#server.ask((_, checker, emitter) => {
      const isKnown = (found: TypeSymbol | undefined): found is TypeSymbol =>
        found !== undefined && !checker.isUnknownSymbol(found);
      let symbol = checker.getSymbolAtPosition(path, offset + shift);
      // The code is not finished, and there is a type in the place of a value.
      if (!isKnown(symbol) && place.kind === 'code') symbol = namedAt(checker, { path, shift }, code, offset);
      // For the name of a module, the symbol is its file.
      if (!isKnown(symbol) || symbol.name.startsWith('"')) return undefined;
      const kind = syntax?.names.get(symbol.name)?.kind ?? scopeName(scope, symbol.name)?.kind;
      const variable = kind === 'let' || kind === 'var' ? kind : 'const';
      const isNew = /\bnew\s+(?:[\p{ID_Continue}$]+\s*\.\s*)*[\p{ID_Continue}$]*$/u.test(code.slice(0, offset));
      const known = describeSymbol(checker, emitter, symbol, { variable, isNew });
      if (known.documentation !== '') return known;
      // `declare let x: __nbs.t2['x']` has no documentation; the declaration in the other cell has it.
      const declared = head.indexOf(`['${symbol.name}'];`);
      if (declared < 0 || checker.getSymbolAtPosition(path, head.lastIndexOf(` ${symbol.name}:`, declared) + 1)?.id !== symbol.id)
        return known;
      const original = checker.getSymbolAtPosition(path, declared + 2);
      if (original === undefined) return known;
      const isAlias = (original.flags & SymbolFlags.Alias) !== 0;
      return { ...known, documentation: documentationOf(checker, isAlias ? checker.getAliasedSymbol(original) : original) };
    });
  }

  #globalNames(scope: CellScope): readonly Candidate[] {
    if (this.#globals === undefined) {
      const code = 'globalThis.';
      const draft = this.#modules.draft(scope, code, undefined);
      this.#globals = this.#server.ask((_, checker) => entriesAt(checker, draft, code.length)) ?? [];
    }
    return this.#globals;
  }

  #globalTypes(): readonly Candidate[] {
    this.#types ??= this.#server.libraryFiles().flatMap((path) => typesIn(readFileSync(path, 'utf8')));
    return this.#types;
  }
}

/** Converts the names of cells to completions. */
function candidatesOf(names: Iterable<readonly [string, { readonly kind: DeclaredKind }]>): Candidate[] {
  return [...names].map(([name, { kind }]) => ({ name, kind: COMPLETED[kind] }));
}

const COMPLETED = {
  const: 'constant',
  let: 'variable',
  var: 'variable',
  function: 'function',
  class: 'class',
  enum: 'enum',
  namespace: 'module',
  type: 'type',
  import: 'variable',
} as const satisfies Record<DeclaredKind, Candidate['kind']>;

/** Matches `user?.['`; the group ends with the dot. */
const OPTIONAL_KEY = /^([\s\S]*\?\.)\[\s*["'`]$/;

const WORD_AROUND = /([\p{ID_Continue}$]*)\|([\p{ID_Continue}$]*)/u;

/** Resolves the word at the offset as a name by itself. */
function namedAt(checker: Checker, { path, shift }: Draft, code: string, offset: number): TypeSymbol | undefined {
  const [, before = '', after = ''] = WORD_AROUND.exec(`${code.slice(0, offset)}|${code.slice(offset)}`) ?? [];
  const start = offset - before.length;
  if (/\.\s*$/.test(code.slice(0, start)) || /^\s*:/.test(code.slice(offset + after.length))) return undefined;
  return checker.resolveName(before + after, NAMED, { document: path, position: start + shift });
}
