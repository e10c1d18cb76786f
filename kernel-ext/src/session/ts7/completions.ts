import type { Candidate, Completion, CompletionKind } from '../converter.js';
import { completionOf } from '../converter.js';
import type { CursorPlace } from '../cursor-place.js';
import { type Checker, CompletionItemKind, SymbolFlags, wantsPlainNames } from './type-server.js';

const WORD_BEFORE = /[\p{ID_Continue}$]*$/u;
const WORDS = /[\p{ID_Start}$_][\p{ID_Continue}$]*/gu;
const NAME = /^#?[\p{ID_Start}$_][\p{ID_Continue}$]*$/u;

/** Matches the text before a name that is new, or before a name from a module that is not known yet. */
const NEW_NAME = /\b(?:const|let|var|function|class|interface|enum|namespace|type)\s+$|\bimport\s+(?:type\s+)?(?:\{[^}]*)?$/;
/** Matches the text before a type. A colon may also come before a value. */
const TYPE = /(?:[:<|&]|\b(?:extends|implements|as|satisfies|keyof|is|infer)|\btype\s[^;]*=)\s*$/;

const KEYWORDS = (
  'abstract as async await break case catch class const continue debugger declare default delete do else enum export extends false finally for from function ' +
  'get if implements import in instanceof interface keyof let namespace new null of private protected public readonly return satisfies set static super switch ' +
  'this throw true try type typeof undefined unique using var void while with yield'
).split(' ');
const TYPE_KEYWORDS =
  'any bigint boolean keyof never null number object readonly string symbol typeof undefined unknown void'.split(' ');

const KINDS = new Map<CompletionItemKind | undefined, CompletionKind>([
  [CompletionItemKind.Method, 'method'],
  [CompletionItemKind.Function, 'function'],
  [CompletionItemKind.Constructor, 'method'],
  [CompletionItemKind.Variable, 'variable'],
  [CompletionItemKind.Class, 'class'],
  [CompletionItemKind.Interface, 'interface'],
  [CompletionItemKind.Module, 'module'],
  [CompletionItemKind.Enum, 'enum'],
  [CompletionItemKind.Keyword, 'keyword'],
  [CompletionItemKind.EnumMember, 'constant'],
  [CompletionItemKind.Constant, 'constant'],
  [CompletionItemKind.TypeParameter, 'type'],
  [CompletionItemKind.Struct, 'type'],
]);

/** A text that is checked as a file: positions in the file are greater by `shift`. */
export interface Draft {
  readonly path: string;
  readonly shift: number;
}

/** The part of the word or of the string at the cursor that is already typed, and the offset at which it begins. */
function typedAt(code: string, offset: number, place: CursorPlace): { readonly start: number; readonly typed: string } {
  const typed = place.kind === 'text' ? code.slice(place.from, offset) : (WORD_BEFORE.exec(code.slice(0, offset))?.[0] ?? '');
  return { start: offset - typed.length, typed };
}

/** The type server's completions at the cursor: members, keys, names of an import, texts of a union. `undefined` if the cursor is at a name without a dot. */
export function entriesAt(checker: Checker, { path, shift }: Draft, offset: number): Candidate[] | undefined {
  try {
    const entries = checker.getCompletionsAtPosition(path, offset + shift)?.entries ?? [];
    return [...entries]
      .sort((a, b) => compare(a.sortText ?? '', b.sortText ?? '') || compare(a.name, b.name))
      .map(({ name, kind }) => ({
        // The name of an optional property ends with `?`.
        name: name.replace(/\?$/, ''),
        kind: KINDS.get(kind) ?? 'property',
      }));
  } catch (error) {
    if (wantsPlainNames(error)) return undefined;
    throw error;
  }
}

/** Selects the entries that continue what is typed, in the form that the cursor's place needs. */
export function fitting(code: string, offset: number, place: CursorPlace, entries: readonly Candidate[]): Completion {
  const { start, typed } = typedAt(code, offset, place);
  const able = entries.filter(({ name }) => startsWith(name, typed) && !name.startsWith('__nbs'));
  // Names with the same capital and small letters come first.
  const own = [...able.filter(({ name }) => name.startsWith(typed)), ...able.filter(({ name }) => !name.startsWith(typed))];
  if (place.kind !== 'text')
    return completionOf(
      start,
      offset,
      own.filter(({ name }) => NAME.test(name)),
    );
  return completionOf(
    start,
    offset,
    own.map(({ name, kind }) => ({ name: name.replaceAll('\\', '\\\\').replaceAll(place.quote, `\\${place.quote}`), kind })),
  );
}

/** The names that can be used without a dot. */
export interface PlainNames {
  /** The names of the cell itself and of the earlier cells, newest first. */
  readonly notebook: readonly Candidate[];
  /** The names that every cell has: `serve`, `onnx`, … */
  readonly ambient: readonly Candidate[];
  /** Members of `globalThis`. */
  readonly global: readonly Candidate[];
  /** The types that every cell has. */
  readonly types: () => readonly Candidate[];
}

/** Returns the names without a dot. The names of the notebook come first. */
export function plainNames(checker: Checker, draft: Draft, code: string, offset: number, names: PlainNames): Candidate[] {
  const typed = WORD_BEFORE.exec(code.slice(0, offset))?.[0] ?? '';
  const before = code.slice(0, offset - typed.length);
  if (NEW_NAME.test(before) || /^\d/.test(typed)) return [];
  const isType = TYPE.test(before);
  const found = new Map<string, CompletionKind>();
  const add = (candidates: readonly Candidate[]): void => {
    for (const { name, kind } of candidates) if (startsWith(name, typed) && !found.has(name)) found.set(name, kind);
  };
  const keywords = (words: readonly string[]): void => add(words.map((name) => ({ name, kind: 'keyword' })));
  add(names.notebook);
  // Other words of the cell may be parameters or local variables that are visible at the cursor.
  for (const word of new Set((before + code.slice(offset)).match(WORDS))) {
    if (!startsWith(word, typed) || found.has(word) || word === typed) continue;
    const kind = kindOf(checker.resolveName(word, NAMED, { document: draft.path, position: offset + draft.shift })?.flags);
    if (kind !== undefined) found.set(word, kind);
  }
  add(names.ambient);
  if (isType) {
    keywords(TYPE_KEYWORDS);
    add(names.types());
  }
  add(names.global);
  keywords(KEYWORDS);
  return [...found].map(([name, kind]) => ({ name, kind }));
}

/** All kinds of meaning that a name may have. */
export const NAMED = SymbolFlags.Value | SymbolFlags.Type | SymbolFlags.Namespace | SymbolFlags.Alias;

function kindOf(flags: SymbolFlags | undefined): CompletionKind | undefined {
  if (flags === undefined) return undefined;
  if ((flags & SymbolFlags.Function) !== 0) return 'function';
  if ((flags & SymbolFlags.Class) !== 0) return 'class';
  if ((flags & SymbolFlags.Enum) !== 0) return 'enum';
  if ((flags & SymbolFlags.Variable) !== 0) return 'variable';
  if ((flags & SymbolFlags.Interface) !== 0) return 'interface';
  return (flags & SymbolFlags.Type) !== 0 ? 'type' : 'module';
}

const GLOBAL_TYPE = /^(?:declare )?(interface|type|class|enum) ([\p{ID_Start}$_][\p{ID_Continue}$]*)/gmu;

/** Lists the types that a file of the language's library declares. */
export function typesIn(library: string): Candidate[] {
  return [...library.matchAll(GLOBAL_TYPE)].map(([, kind, name]) => ({ name: name as string, kind: kind as CompletionKind }));
}

const startsWith = (name: string, typed: string): boolean => name.toLowerCase().startsWith(typed.toLowerCase());

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
