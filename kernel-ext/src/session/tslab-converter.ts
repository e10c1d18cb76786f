import type ts from 'typescript';
import { cellFunction } from './cell-function.js';
import {
  type CellSource,
  type Completion,
  type CompletionKind,
  type ConvertedCell,
  type Converter,
  completionOf,
  type Diagnostic,
  type Inspection,
  type RefusedCell,
  type Scope,
} from './converter.js';
import { placeAt } from './cursor-place.js';
import { CANNOT_FIND_MODULE } from './late-import.js';
import { lateReads } from './late-reads.js';
import { documentationOf } from './library-docs.js';
import { edited, LineIndex, type MappedText } from './mapped-text.js';
import { repaired } from './repair.js';
import { declaredNames, keptDeclarations, lostNamespaces } from './scope-text.js';
import { completeness } from './syntax.js';
import { parsedCell } from './ts7/parsed-cell.js';
import { type Fork, loadTslab, type TslabConverter, withHooks } from './tslab-fork.js';
import { TslabProgram } from './tslab-program.js';

/** tslab puts `export {};` and a line end before a cell, to make it a module. */
const PREFIX_LENGTH = 'export {};\n'.length;

/** `ts.ScriptElementKind`, whose values are texts. */
const KINDS = new Map<string, CompletionKind>([
  ['method', 'method'],
  ['function', 'function'],
  ['local function', 'function'],
  ['class', 'class'],
  ['interface', 'interface'],
  ['type', 'type'],
  ['type parameter', 'type'],
  ['enum', 'enum'],
  ['enum member', 'constant'],
  ['const', 'constant'],
  ['let', 'variable'],
  ['var', 'variable'],
  ['local var', 'variable'],
  ['parameter', 'variable'],
  ['alias', 'variable'],
  ['module', 'module'],
  ['keyword', 'keyword'],
  ['string', 'constant'],
]);

export interface TslabOptions {
  readonly folder: string;
  readonly ambient: string;
  readonly paths: Readonly<Record<string, string[]>>;
}

/** This converter's scopes are declarations, as text. */
const textOf = (scope: Scope): string => String(scope);

/** The converter on tslab 1.0.22. Making one takes most of a second: TypeScript and its library are read. */
export class TslabBasedConverter implements Converter {
  readonly #fork: Fork;
  readonly #program: TslabProgram;
  readonly #tslab: TslabConverter;

  constructor(options: TslabOptions) {
    const { fork, createConverter, typeRoots } = loadTslab();
    this.#fork = fork;
    this.#program = new TslabProgram(fork, { ...options, typeRoots });
    this.#tslab = withHooks(this.#program, () => createConverter({}));
  }

  convert(scopeBefore: Scope, given: CellSource): ConvertedCell | RefusedCell {
    const scope = textOf(scopeBefore);
    const source = repaired(given.source);
    const cell = { ...given, source: given.isUnchecked === true ? this.#withLateReads(scope, source) : source };
    let converted = this.#convert(scope, cell);
    if (this.#program.lastDiagnostics.some((one) => CANNOT_FIND_MODULE.has(one.code))) {
      this.#program.forgetMissing();
      converted = this.#convert(scope, cell);
    }
    if (converted.diagnostics.length > 0) return { ok: false, diagnostics: this.#diagnostics(cell) };
    const { code, names, hasResult, toEmitted } = cellFunction(this.#fork, converted.output ?? '', converted.lastExpressionVar);
    const declarations = converted.declOutput ?? '';
    let lines: LineIndex | undefined;
    return {
      ok: true,
      code,
      names,
      hasResult,
      scope: declarations + lostNamespaces(this.#fork, scope, declarations),
      sideModules: this.#program.modules,
      toOriginal: (line, column) => {
        const position = toEmitted(line, column);
        if (position === undefined) return undefined;
        lines ??= new LineIndex(cell.source.text);
        return cell.source.toOriginal(lines.offset(position.line - 1, position.column));
      },
    };
  }

  scopeWithout(after: Scope, before: Scope, missing: ReadonlySet<string>, present = after): Scope {
    if (missing.size === 0) return present;
    return (
      keptDeclarations(this.#fork, textOf(present), (name) => !missing.has(name)) +
      keptDeclarations(this.#fork, textOf(before), (name) => missing.has(name))
    );
  }

  complete(scope: Scope, code: string, offset: number): Completion {
    const place = placeAt(code, offset);
    if (place.kind === 'comment' || place.kind === 'pattern') return completionOf(offset, offset, []);
    const { start, end, candidates, original } = withHooks(this.#program, () =>
      this.#tslab.complete(textOf(scope), code, offset),
    );
    const kinds = new Map((original?.entries ?? []).map(({ name, kind }) => [name, KINDS.get(kind) ?? 'property'] as const));
    if (place.kind === 'text') {
      // tslab takes the text for a name, and begins it at the cursor.
      const typed = code.slice(place.from, offset);
      const texts = [...kinds].filter(([name]) => name.startsWith(typed));
      const isList = original?.isGlobalCompletion !== true;
      return completionOf(place.from, offset, isList ? texts.map(([name, kind]) => ({ name, kind })) : []);
    }
    const names = candidates.filter((name) => !name.startsWith('__nbs'));
    return completionOf(
      start,
      end,
      names.map((name) => ({ name, kind: kinds.get(name) ?? 'property' })),
    );
  }

  inspect(scope: Scope, code: string, offset: number): Inspection | undefined {
    const info = withHooks(this.#program, () => this.#tslab.inspect(textOf(scope), code, offset));
    if (info?.displayParts === undefined) return undefined;
    const text = (parts: readonly ts.SymbolDisplayPart[] | undefined): string => (parts ?? []).map((part) => part.text).join('');
    // TypeScript says only this about a name that is not declared.
    if (text(info.displayParts) === 'any') return undefined;
    const declaration = this.#program.declarationAt(offset + PREFIX_LENGTH);
    const kept = declaration === undefined ? '' : documentationOf(declaration);
    const tags = (info.tags ?? []).map((tag) => `@${tag.name} ${text(tag.text)}`);
    return {
      signature: text(info.displayParts),
      documentation: [text(info.documentation), kept, ...tags].filter((part) => part !== '').join('\n\n'),
    };
  }

  isComplete(code: string): ReturnType<Converter['isComplete']> {
    return completeness(code);
  }

  dispose(): void {
    withHooks(this.#program, () => this.#tslab.close());
  }

  #withLateReads(scope: string, source: MappedText): MappedText {
    const parsed = parsedCell(source.text);
    // A cell that uses this name of CommonJS may mean an object of its own.
    if (parsed === undefined || /\bexports\b/.test(source.text)) return source;
    const names = declaredNames(this.#fork, scope);
    return edited(
      source,
      lateReads(source.text, parsed, (name) => names.has(name), 'exports'),
    );
  }

  #convert(scope: string, { source, isUnchecked = false }: CellSource): ReturnType<TslabConverter['convert']> {
    return withHooks(this.#program, () => {
      this.#program.beginConversion(isUnchecked);
      return this.#tslab.convert(scope, source.text);
    });
  }

  #diagnostics(cell: CellSource): Diagnostic[] {
    return this.#program.lastDiagnostics.map((one) => {
      const message = this.#fork.flattenDiagnosticMessageText(one.messageText, '\n');
      const start = one.start ?? 0;
      const end = start + (one.length ?? 0);
      if (one.file !== undefined && !one.file.fileName.endsWith('/__tslab__.ts')) {
        const { line, character } = one.file.getLineAndCharacterOfPosition(start);
        const path = one.file.fileName.startsWith(`${this.#program.folder}/`)
          ? one.file.fileName.slice(this.#program.folder.length + 1)
          : one.file.fileName;
        return { start: 0, end: 0, code: one.code, message, file: { path, line, column: character } };
      }
      const original = (offset: number): number =>
        cell.source.toOriginal(Math.max(0, Math.min(offset - PREFIX_LENGTH, cell.source.text.length)));
      return { start: original(start), end: original(end), code: one.code, message };
    });
  }
}
