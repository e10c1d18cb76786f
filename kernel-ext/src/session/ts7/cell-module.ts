import { type Edit, edited, type MappedText, unmapped } from '../mapped-text.js';
import { type CellScope, type DeclaredName, type ScopeName, scopeName, slotOf } from './cell-scope.js';
import type { ParsedCell } from './parsed-cell.js';

/** The file that exports the modules of all cells, so that a cell can refer to another cell's declarations by its number. */
export const HUB = '__nbs_hub.ts';

export const fileOf = (slot: number): string => `__nbs_cell_${slot}.ts`;

/** The file of a cell with JSX. The file that `fileOf` names then exports what this one does. */
export const jsxFileOf = (slot: number): string => `${fileOf(slot)}x`;

const NAME = /[\p{ID_Start}$_][\p{ID_Continue}$]*/gu;

/** The text that was asked about last: several parts of a check ask about the same cell. */
let last: { readonly text: string; readonly words: ReadonlySet<string> } | undefined;

export function wordsOf(text: string): ReadonlySet<string> {
  if (last?.text !== text) last = { text, words: new Set(text.match(NAME)) };
  return last.words;
}

/** The declarations that a cell's module uses for a name of another cell. */
export interface Use {
  /** For functions and types, which look up the name each time they are used. */
  readonly now: ScopeName;
  /** For statements: the declaration of the name when the cell ran. It is set only if a statement uses the name. */
  readonly ran?: ScopeName;
  /** For parts of a class, an enum or a namespace: like `ran`, with the type that the name had then. It is set only if such a part uses the name. */
  readonly first?: ScopeName;
}

export type Uses = ReadonlyMap<string, Use>;

/** A cell as a TypeScript module. */
export interface CellModule {
  /** The name of the cell's file, `cell[3].ts`. */
  readonly id: string;
  readonly text: string;
  readonly syntax: ParsedCell;
  readonly uses: Uses;
  /** The variables of the cell that do not have the type of this module, because their values were made with the old names. The functions of the cell use these types. */
  readonly own?: ReadonlyMap<string, ScopeName>;
  /** The copies of files that have changed since the cell imported them: specifier → path. See `OldFiles`. */
  readonly files?: ReadonlyMap<string, string>;
  /** What a later cell has declared again of the cell's `declare global`: keys of its augmentations. */
  readonly withheld?: ReadonlySet<string>;
  /** Set if names that the cell uses were declared again after the cell ran. */
  readonly isRenewed?: true;
}

/**
 * Returns the names that a cell uses from a scope. JSX may use a name that is not in the text, for example `React`.
 * @param text undefined if the cell may use any name
 */
export function usesIn(scope: CellScope, text: string | undefined, syntax: ParsedCell | undefined): Uses {
  const uses = new Map<string, Use>();
  const once = syntax?.lookups.once ?? [];
  for (const name of text === undefined || syntax?.isJsx === true ? scope.names.keys() : wordsOf(text)) {
    const now = scopeName(scope, name);
    if (now === undefined || syntax?.names.has(name) === true) continue;
    const ran = once.some((one) => one.name === name && !one.isPart) ? { ran: now } : {};
    const first = once.some((one) => one.name === name && one.isPart) ? { first: now } : {};
    uses.set(name, { now, ...ran, ...first });
  }
  return uses;
}

/**
 * What stands behind a cell's text, so that positions stay the user's:
 *
 *     import __nbs = require('./__nbs_hub.ts');   for `import * as`, TypeScript would look at all exports of the hub in every cell
 *     import Point = __nbs.c3.Point;             every meaning of a function, class, enum, namespace, type or import
 *     declare let x: __nbs.t2['x'];              a variable: an alias could not be assigned to (TS2632), and `typeof __nbs.c2.x` can be a circle (TS2502)
 *     var x: __nbs.t2['x'];                      a variable that no cell has assigned yet (TS2454)
 *     import type { T } from './__nbs_cell_2.ts' what came by `import type` (TS1380)
 */
export function suffixOf(uses: Uses, syntax: ParsedCell | undefined): string {
  const lines = [`\nimport __nbs = require('./${HUB}');`];
  for (const [name, { now, ran, first }] of uses) {
    lines.push(declarationOf(name, name, now));
    if (ran !== undefined && !isSame(ran, now)) lines.push(declarationOf(ranName(name), name, ran));
    if (first !== undefined && !isSame(first, now)) lines.push(declarationOf(firstName(name), name, first));
  }
  const exported = [...(syntax?.names.keys() ?? [])].filter((name) => !syntax?.exported.has(name));
  lines.push(`export { ${exported.join(', ')} };\n`);
  return lines.join('\n');
}

/** The whole text of a module. If a name has been declared again since the cell ran, the statements use an alias that stands for the old declaration. */
export function moduleText(module: CellModule): string {
  const own = [...(module.own ?? [])].map(([name, known]) => `\n${declarationOf(ownName(name), name, known)}`).join('');
  return mappedModule(module).text + own + suffixOf(module.uses, module.syntax);
}

/** The cell's part of that text, which can convert its positions to positions in the cell. */
export function mappedModule(module: CellModule): MappedText {
  const { text, syntax, withheld } = module;
  const again = (key: string): boolean => withheld?.has(key) === true;
  // A `var` of several names stays until all of them are declared again.
  const needed = new Set([...syntax.augmentations].flatMap(([key, code]) => (again(key) ? [] : code)));
  const removed = [...syntax.augmentations].flatMap(([key, code]) => (again(key) ? code.filter((one) => !needed.has(one)) : []));
  const isKept = ({ start }: Edit): boolean => !removed.some((one) => one.start <= start && start < one.end);
  const edits = renamings(module).filter(isKept);
  for (const { start, end } of new Set(removed)) edits.push({ start, end, text: '' });
  return edited(unmapped(text), edits);
}

function renamings({ text, syntax, uses, own, files }: CellModule): Edit[] {
  const edits: Edit[] = [];
  for (const { start, end, value } of files === undefined ? [] : syntax.imports) {
    const copy = files?.get(value as string);
    if (copy !== undefined) edits.push({ start, end, text: JSON.stringify(copy) });
  }
  for (const { name, start, end, shorthand, kind } of own === undefined ? [] : syntax.ownInFunctions) {
    // What a function stores in a variable has the present type.
    if (own?.has(name) !== true || kind === 'mutate' || STORED_INTO.test(text.slice(end, end + 40))) continue;
    edits.push({ start, end, text: shorthand ? `${name}: ${ownName(name)}` : ownName(name) });
  }
  for (const { name, start, end, shorthand, isPart } of syntax.lookups.once) {
    const use = uses.get(name);
    const taken = isPart ? use?.first : use?.ran;
    if (use === undefined || taken === undefined || isSame(taken, use.now)) continue;
    const alias = isPart ? firstName(name) : ranName(name);
    edits.push({ start, end, text: shorthand ? `${name}: ${alias}` : alias });
  }
  return edits;
}

/** Follows a name into which a method puts its arguments. */
const STORED_INTO = /^\s*[!?]?\.\s*(?:push|unshift|splice|set|add|fill)\b/;

const ownName = (name: string): string => `__nbs_own_${name}`;
const ranName = (name: string): string => `__nbs_ran_${name}`;
const firstName = (name: string): string => `__nbs_first_${name}`;

const isSame = (one: ScopeName, other: ScopeName): boolean => one.slots.join() === other.slots.join();

export const isVariable = ({ kind, isBoth }: DeclaredName): boolean =>
  !isBoth && (kind === 'const' || kind === 'let' || kind === 'var');

function declarationOf(alias: string, name: string, from: ScopeName): string {
  const { kind, hasValue, slots, isUnset } = from;
  const slot = slotOf(from);
  if (kind === 'import' && !hasValue) {
    const imported = alias === name ? name : `${name} as ${alias}`;
    return `import type { ${imported} } from './${fileOf(slot)}';`;
  }
  if (!isVariable(from)) return `import ${alias} = __nbs.c${slot}.${name};`;
  // TypeScript takes a variable that is declared by `declare` for one that has a value. Of a `let`, it would say that it is used above its declaration.
  return `${isUnset === true ? 'var' : `declare ${kind}`} ${alias}: ${slots.map((one) => `__nbs.t${one}['${name}']`).join(' | ')};`;
}
