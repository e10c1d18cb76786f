import { type Dirent, readdirSync, readFileSync, statSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { homedir } from 'node:os';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { CODE_ENDINGS } from 'nbserve/basics';
import { completeMagic, type SplitCell } from '../magics/index.js';
import { sharedPaths } from './ambient.js';
import type { Converter, Scope } from './converter.js';
import { type CursorPlace, placeAt } from './cursor-place.js';
import { importable } from './importable.js';
import type { CompleteReply } from './session.js';

/** The endings of files that cells import by their path. */
const IMPORTED = new Set<string>([...CODE_ENDINGS, '.json']);

/** The name of a module that is being typed. */
const SPECIFIER = /(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\s*\(\s*|\bimport\.meta\.resolve\s*\(\s*)['"]$/;

/** Names that fit at the cursor: magics, modules in an import, else what the types know. Nothing fits in a comment. */
export function completeCell(
  converter: Converter,
  scope: Scope,
  { folder, commands }: CompletionFolders,
  split: (code: string) => SplitCell,
  code: string,
  cursor: number,
): CompleteReply {
  const before = code.slice(code.lastIndexOf('\n', cursor - 1) + 1, cursor);
  const magic = before.trimStart();
  const path = (): CompleteReply => completePath(commands, /[^\s'"=]*$/.exec(before)?.[0] ?? '', cursor);
  if (TAKES_PATH.test(magic)) return path();
  if (magic.startsWith('%')) {
    const found = completeMagic(magic);
    // In a block, the line may continue an expression.
    if (found.length > 0 || (before.startsWith('%') && !TIMED.test(magic)))
      return reply(cursor - magic.length, cursor, found, 'magic');
  }
  // What a cell is for another program is none of TypeScript's.
  const parts = split(code);
  if (parts.cellMagic !== undefined || magic === '!' || isCommand(parts, cursor)) return path();
  const text = withoutMagics(code, parts);
  const place = placeAt(text, cursor);
  if (place.kind === 'comment' || place.kind === 'pattern') return reply(cursor, cursor, []);
  if (place.kind === 'text' && SPECIFIER.test(text.slice(0, place.from)))
    return reply(place.from, cursor, modules(folder, text.slice(place.from, cursor)), 'module');
  const { start, end, names, kinds } = converter.complete(scope, text, cursor);
  const exportsIn = (module: string): readonly string[] => {
    const head = 'import { ';
    return converter.complete(scope, `${head} } from '${module}'`, head.length).names;
  };
  const missing =
    place.kind === 'code' ? missingImports(text.slice(0, cursor), exportsIn).filter((name) => !names.includes(name)) : [];
  const all = [...kinds, ...missing.map(() => 'import')];
  return reply(start, Math.max(end, cursor + restOfWord(text, cursor, place)), [...names, ...missing], all);
}

/** The folder of the notebook, from which it imports, and the one in which its commands run. */
export interface CompletionFolders {
  readonly folder: string;
  readonly commands: string;
}

/** Magics that take TypeScript. */
const TIMED = /^(?:%time|%%?timeit)[ \t]/;

/** Magics that take a path. */
const TAKES_PATH = /^(?:%(?:cd|run|load)|%%writefile)[ \t]/;

/** True if the cursor is behind the `!` of a command of the shell, or in a line that continues one. */
const isCommand = ({ leading, inner }: SplitCell, cursor: number): boolean =>
  [...leading, ...inner].some(({ kind, start, end }) => kind === 'shell' && start < cursor && cursor <= end);

/** How many letters of a name must be typed before names are offered that are not imported yet. There are about 600. */
const FEWEST_LETTERS = 3;

/** What Node's modules and nbserve export under the name that is being typed. The help behind the error, if it is not imported then, is the import. */
function missingImports(before: string, exportsIn: (module: string) => readonly string[]): readonly string[] {
  const typed = /(?<![.#@\p{ID_Continue}$])[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.exec(before)?.[0] ?? '';
  const declares =
    /\b(?:const|let|var|function|class|enum|interface|type|namespace)\s+[\p{ID_Continue}$]*$|\bimport\b[^;'"`]*$/u.test(before);
  return typed.length < FEWEST_LETTERS || declares ? [] : importable(typed, exportsIn);
}

/** How much of the word or of the text that the cursor is in stands behind it. A completion takes its place: nothing is doubled. */
function restOfWord(text: string, cursor: number, place: CursorPlace): number {
  const behind = text.slice(cursor);
  if (place.kind !== 'text') return /^[\p{ID_Continue}$]*/u.exec(behind)?.[0].length ?? 0;
  const rest = /^[\p{ID_Continue}$-]*/u.exec(behind)?.[0] ?? '';
  return behind.startsWith(place.quote, rest.length) ? rest.length : 0;
}

/** The cell with its magic lines blanked, so that offsets stay. */
export function withoutMagics(code: string, { edits, cellMagic }: Pick<SplitCell, 'edits' | 'cellMagic'>): string {
  if (cellMagic !== undefined) return code.replace(/[^\n]/g, ' ');
  let text = code;
  for (const { start, end } of edits)
    text = text.slice(0, start) + text.slice(start, end).replace(/[^\n]/g, ' ') + text.slice(end);
  return text;
}

function modules(folder: string, typed: string): string[] {
  if (typed.startsWith('.')) {
    const head = typed.slice(0, typed.lastIndexOf('/') + 1);
    const found = listed(resolve(folder, head)).filter(({ name }) => (head + name).startsWith(typed));
    return found
      .filter((entry) => IMPORTED.has(extname(entry.name)) || isFolder(resolve(folder, head), entry))
      .map(({ name }) => head + name);
  }
  const found = new Set(
    builtinModules.filter((name) => !name.startsWith('_')).map((name) => `node:${name.replace(/^node:/, '')}`),
  );
  for (const name of Object.keys(sharedPaths())) found.add(name);
  for (let at = folder; ; at = dirname(at)) {
    for (const name of entries(join(at, 'node_modules'))) {
      if (name.startsWith('.') || name === '@types') continue;
      if (name.startsWith('@')) for (const scoped of entries(join(at, 'node_modules', name))) found.add(`${name}/${scoped}`);
      else found.add(name);
    }
    const inPackage = /^(?:@[^/]+\/)?[^/]+(?=\/)/.exec(typed)?.[0];
    if (inPackage !== undefined) for (const path of exportsOf(join(at, 'node_modules', inPackage))) found.add(inPackage + path);
    if (dirname(at) === at) break;
  }
  return [...found].filter((name) => name.startsWith(typed)).sort();
}

/** The paths, `/sub`, under which a package lets its parts be imported. */
function exportsOf(folder: string): string[] {
  try {
    const { exports } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { exports?: unknown };
    if (typeof exports !== 'object' || exports === null) return [];
    return Object.keys(exports).flatMap((key) => (/^\.\/[^*]+$/.test(key) ? key.slice(1) : []));
  } catch {
    return [];
  }
}

function completePath(folder: string, typed: string, cursor: number): CompleteReply {
  const head = typed.slice(0, typed.lastIndexOf('/') + 1);
  const names = entries(resolve(folder, head.replace(/^~(?=\/)/, homedir()))).filter((name) =>
    name.startsWith(basename(`${typed}x`).slice(0, -1)),
  );
  return reply(
    cursor - typed.length,
    cursor,
    names.map((name) => head + name),
    'path',
  );
}

/** False for folders that nobody imports from. Only links are looked up in the file system, because a folder may have many files. */
function isFolder(parent: string, entry: Dirent): boolean {
  if (/^(?:\.|node_modules$)/.test(entry.name)) return false;
  try {
    return entry.isDirectory() || (entry.isSymbolicLink() && statSync(join(parent, entry.name)).isDirectory());
  } catch {
    return false;
  }
}

const entries = (folder: string): string[] => listed(folder).map(({ name }) => name);

function listed(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

/** @param kinds of each match, or of all; shown as ipykernel has front ends show them */
function reply(
  start: number,
  end: number,
  matches: readonly string[],
  kinds: string | readonly string[] = 'text',
): CompleteReply {
  const types = matches.map((text, i) => ({ start, end, text, type: typeof kinds === 'string' ? kinds : (kinds[i] ?? 'text') }));
  return {
    status: 'ok',
    matches: [...matches],
    cursor_start: start,
    cursor_end: end,
    metadata: { _jupyter_types_experimental: types },
  };
}
