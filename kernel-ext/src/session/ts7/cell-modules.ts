import { isNode } from '../syntax.js';
import { type CellModule, fileOf, HUB, jsxFileOf, moduleText, suffixOf, type Uses, usesIn } from './cell-module.js';
import { renewed } from './cell-renewal.js';
import { type CellScope, scopeName, slotOf, withOld } from './cell-scope.js';
import { holdsCode } from './code-in-types.js';
import { ModuleSlots } from './module-slots.js';
import type { ParsedCell } from './parsed-cell.js';
import { namesSet, reachedNames } from './reached-names.js';
import { type Fault, renewedFault } from './renewed-faults.js';
import type { TypeServer } from './type-server.js';

/** The module for questions about the types of a cell, because the cell's own module may have been reused. */
const ASKED = 0;

/** Finds names that code declares if the code cannot be parsed. */
const DECLARED = /\b(?:const|let|var|function\*?|class|enum|namespace|interface|type)\s+([\p{ID_Start}$_][\p{ID_Continue}$]*)/gu;

const EMPTY = `import __nbs = require('./${HUB}');\nexport { };\n`;

/** A cell that was written into a module, to be checked. */
export interface WrittenCell {
  readonly id: string;
  readonly slot: number;
  readonly path: string;
  readonly uses: Uses;
}

/**
 * The cells as modules. Each module is a file of its own. The declarations that it uses from earlier cells come after the user's text; see `suffixOf`.
 * Empty modules exist from the start, and the hub exports all of them. A new cell is then only a changed file with the same imports, for which TypeScript
 * keeps its program (0.6 ms). If the imports change, TypeScript resolves every module again (15–25 ms).
 */
export class CellModules {
  readonly #server: TypeServer;
  readonly #cells = new Map<number, CellModule>();
  readonly #slots: ModuleSlots;
  /** The scope after the cell that was accepted last. While that cell runs, it is not yet the scope of the session. */
  #latest: CellScope | undefined;
  /** The scopes to which names may return when cells end that run now. */
  #held: readonly CellScope[] = [];
  /** Cells without what the cell that is being checked declares again in `declare global`. They count when that cell is accepted. */
  #withheld: ReadonlyMap<number, CellModule> = new Map();

  constructor(server: TypeServer) {
    this.#server = server;
    this.#server.set(fileOf(ASKED), EMPTY);
    this.#slots = new ModuleSlots({ cells: this.#cells, grow: (first, last) => this.#grow(first, last) });
  }

  /**
   * Writes a cell that the user is still typing, to ask questions about it. The declarations that it uses come before its text, because brackets may be open
   * at its end.
   * @returns the file's path, and the difference between positions in the file and positions in `text`
   */
  draft(scope: CellScope, text: string, syntax: ParsedCell | undefined): { path: string; shift: number; head: string } {
    this.#withhold(scope, syntax);
    const all = suffixOf(usesIn(scope, text, syntax), syntax);
    // If the code cannot be parsed, its declarations are guessed.
    const declared = syntax === undefined ? new Set([...text.matchAll(DECLARED)].map(([, name]) => name as string)) : undefined;
    const lines = all.slice(0, all.lastIndexOf('export {')).split('\n');
    const isOwn = (line: string): boolean =>
      declared?.has(/^(?:declare \w+|var|import(?: type)?) \{? ?([^\s:]+)/.exec(line)?.[1] ?? '') === true;
    const head = lines.filter((line) => !isOwn(line)).join('\n');
    return { path: this.#set(this.#open(scope), head + text, syntax), shift: head.length, head };
  }

  /**
   * Writes an accepted cell for one question about its types. It uses the present declarations of names, as its code does.
   * @param ask gets the file's path
   */
  asked<T>(text: string, syntax: ParsedCell | undefined, ask: (path: string) => T): T {
    const uses = this.#latest === undefined ? new Map() : usesIn(this.#latest, text, syntax);
    this.#putBack();
    try {
      return ask(this.#set(ASKED, text + suffixOf(uses, syntax), syntax));
    } finally {
      this.#server.set(fileOf(ASKED), EMPTY);
    }
  }

  /** From now on, what these scopes need is in use. */
  hold(scopes: readonly CellScope[]): void {
    this.#held = scopes;
  }

  /** Writes a cell into a module that is not in use. */
  write(scope: CellScope, id: string, text: string, syntax: ParsedCell | undefined): WrittenCell {
    const slot = this.#open(scope);
    const uses = this.#uses(scope, text, syntax);
    this.#withhold(scope, syntax);
    return { id, slot, path: this.#set(slot, text + suffixOf(uses, syntax), syntax), uses };
  }

  /** The cell that a module belongs to, as messages name it. @param written the cell that is being checked */
  cellOf(slot: number, written: WrittenCell): string | undefined {
    const id = slot === written.slot ? written.id : this.#cells.get(slot)?.id;
    const number = /^cell\[(\d+)/.exec(id ?? '')?.[1];
    return number === undefined ? undefined : `cell ${number}`;
  }

  /** True if a cell with the same text and the same used declarations has run before. Its types are then the same, including classes with private members. */
  same(scope: CellScope, text: string, syntax: ParsedCell, { uses }: WrittenCell): boolean {
    // It may give a value now to a variable that had none.
    const fills = (name: string): boolean => scopeName(scope, name)?.isUnset === true && wouldFill(syntax, name, false);
    if ([...syntax.names.keys()].some(fills)) return false;
    const slots = new Set([...syntax.names.keys()].map((name) => scopeName(scope, name)?.slots.join()));
    const [slot] = slots;
    if (slots.size !== 1 || slot === undefined) return false;
    const before = this.#cells.get(Number(slot));
    return before !== undefined && before.text === text && moduleText(before) === text + suffixOf(uses, syntax);
  }

  /** Finds the first use of an earlier cell's function that has type errors since names were declared again. */
  renewedFault(
    syntax: ParsedCell,
    { uses }: WrittenCell,
    isSilenced: (code: number, message: string) => boolean,
    readable: (message: string) => string,
  ): (Fault & { end: number }) | undefined {
    const faultsOf = (slot: number): readonly Fault[] => {
      const path = this.#pathOf(slot);
      return this.#server
        .diagnostics(path, true)
        .filter(({ code, text, fileName }) => !isSilenced(code, text) && fileName === path)
        .map(({ pos, code, text }) => ({ pos, code, message: text }));
    };
    const looked = new Set<string>();
    for (const { name, start, end } of syntax.free) {
      const known = uses.get(name)?.now;
      if (known === undefined || looked.has(name)) continue;
      looked.add(name);
      const fault = renewedFault({ cells: this.#cells, faultsOf }, name, known);
      if (fault === undefined) continue;
      const message = `names that '${name}' uses were declared anew: ${readable(fault.message)} Run the cell of '${name}' again, or of what it uses.`;
      return { pos: start, end, code: fault.code, message };
    }
    return undefined;
  }

  /** Stores an accepted cell. @returns the scope after it */
  accept(scope: CellScope, text: string, syntax: ParsedCell, { id, slot, uses }: WrittenCell): CellScope {
    for (const [one, module] of this.#withheld) this.#cells.set(one, module);
    this.#withheld = new Map();
    this.#cells.set(slot, { id, text, syntax, uses });
    const after = this.#declared(scope, slot, syntax.names.keys());
    this.#slots.keep(after);
    return after;
  }

  /** The scope after the last cell, if that cell ended before it reached some of its declarations or assignments. */
  without(after: CellScope, before: CellScope, missing: ReadonlySet<string>): CellScope {
    const { last } = after;
    const syntax = last === undefined || after === before ? undefined : this.#cells.get(last)?.syntax;
    // If the same cell has run again, it has no module of its own.
    if (last === undefined || last === before.last || syntax === undefined) return before;
    // An assignment that was not reached leaves the old value, with its old type.
    if (missing.size === 0 && narrowed(before, syntax) === undefined) return after;
    const kept = [...syntax.names.keys()].filter((name) => !missing.has(name));
    const present = this.#declared(before, last, kept);
    this.#slots.know(present);
    return present;
  }

  /** The scope `present` after a cell that did not reach some of its declarations, if cells of other subshells have begun since. */
  returned(present: CellScope, before: CellScope, missing: ReadonlySet<string>): CellScope {
    this.#latest = withOld(present, before, missing);
    return this.#latest;
  }

  /** The scope after the last cell, if it gave no value to some of its variables: TypeScript then says that they have none (TS2454). */
  unset(scope: CellScope, unset: ReadonlySet<string>, isWhole: boolean): CellScope {
    const { last } = scope;
    const syntax = last === undefined ? undefined : this.#cells.get(last)?.syntax;
    const names = new Map(scope.names);
    for (const name of unset) {
      const known = names.get(name);
      if (syntax === undefined || known?.kind !== 'var' || known.isUnset === true || slotOf(known) !== last) continue;
      if (wouldFill(syntax, name, isWhole)) names.set(name, { ...known, isUnset: true });
    }
    const present = { ...scope, names };
    if (this.#latest === scope) this.#latest = present;
    this.#slots.know(present);
    return present;
  }

  /**
   * Lets the cells that ran keep the types of files that have changed since.
   * @param copyOf the copy of the file that a specifier meant
   * @returns all copies that cells use
   */
  keepFiles(copyOf: (specifier: string) => string | undefined): ReadonlySet<string> {
    const used = new Set<string>();
    for (const [slot, module] of this.#cells) {
      const files = new Map(module.files);
      for (const { value } of module.syntax.imports) {
        const copy = files.has(value as string) ? undefined : copyOf(value as string);
        if (copy !== undefined) files.set(value as string, copy);
      }
      for (const copy of files.values()) used.add(copy);
      if (files.size === (module.files?.size ?? 0)) continue;
      const kept = { ...module, files };
      this.#cells.set(slot, kept);
      this.#set(slot, moduleText(kept), kept.syntax);
    }
    return used;
  }

  /** If the cell uses a function that sets a variable, the variable may have a value: TypeScript does not follow calls. */
  #uses(scope: CellScope, text: string, syntax: ParsedCell | undefined): Uses {
    const uses = new Map(usesIn(scope, text, syntax));
    if (![...uses.values()].some(({ now }) => now.isUnset === true)) return uses;
    for (const name of reachedNames(this.#cells, scope.names, uses).set) {
      const use = uses.get(name);
      if (use === undefined) continue;
      const { isUnset, ...now } = use.now;
      uses.set(name, { now, ...(use.ran && { ran: now }), ...(use.first && { first: now }) });
    }
    return uses;
  }

  #declared(scope: CellScope, slot: number, declared: Iterable<string>): CellScope {
    const { syntax, uses } = this.#cells.get(slot) as CellModule;
    const names = new Map(scope.names);
    const writes = new Set(syntax.free.filter(({ kind }) => kind === 'write' || kind === 'mutate').map(({ name }) => name));
    for (const name of syntax.mutated) writes.add(name);
    const reached = reachedNames(this.#cells, names, uses);
    const set = namesSet(syntax);
    for (const name of reached.names) {
      const used = names.get(name);
      if (used === undefined) continue;
      const { isUnset, ...rest } = used;
      const isStill = isUnset === true && !set.has(name) && !reached.set.has(name);
      const state = { ...(isStill ? { isUnset } : {}), ...(writes.has(name) ? { isWritten: true as const } : {}) };
      names.set(name, { ...rest, ...state, isUsed: true });
    }
    const redeclared: string[] = [];
    for (const name of declared) {
      const one = syntax.names.get(name);
      if (one === undefined) continue;
      if (scopeName(scope, name) !== undefined) redeclared.push(name);
      names.set(name, { ...one, slots: [slot], ...(!set.has(name) && isEmpty(syntax, name) ? { isUnset: true } : {}) });
    }
    const augments = (syntax.augments ? [...scope.augments, slot] : scope.augments).filter((one) => {
      const module = this.#cells.get(one);
      return module === undefined || module.withheld?.size !== module.syntax.augmentations.size;
    });
    const after = { names, augments, last: slot };
    this.#latest = after;
    if (redeclared.length === 0) return after;
    const scopes = [scope, after, ...this.#held];
    const { names: present, modules } = renewed({
      cells: this.#cells,
      names,
      redeclared,
      free: () => this.#slots.take(scopes),
      hasCode: (at, name, stale) => {
        const paths = [...stale].map((one) => this.#pathOf(one));
        return this.#server.ask((_, checker) => holdsCode(checker, this.#pathOf(at), name, new Set(paths)));
      },
    });
    for (const [one, module] of modules) {
      this.#cells.set(one, module);
      this.#set(one, moduleText(module), module.syntax);
    }
    this.#latest = { names: present, augments, last: slot };
    return this.#latest;
  }

  /** Takes out of earlier cells what a cell declares again in `declare global`: otherwise the cell would be checked against both. */
  #withhold(scope: CellScope, syntax: ParsedCell | undefined): void {
    this.#putBack();
    const withheld = new Map<number, CellModule>();
    for (const slot of syntax?.augments === true ? scope.augments : []) {
      const module = this.#cells.get(slot);
      const again = [...(module?.syntax.augmentations.keys() ?? [])].filter((key) => syntax?.augmentations.has(key) === true);
      if (module === undefined || again.length === 0) continue;
      withheld.set(slot, { ...module, withheld: new Set([...(module.withheld ?? []), ...again]) });
      this.#write(slot, withheld.get(slot));
    }
    this.#withheld = withheld;
  }

  /** If the cell before was refused, or was a draft, the earlier cells have again what was taken out for it. */
  #putBack(): void {
    for (const slot of this.#withheld.keys()) this.#write(slot, this.#cells.get(slot));
    this.#withheld = new Map();
  }

  #write(slot: number, module: CellModule | undefined): void {
    if (module !== undefined) this.#set(slot, moduleText(module), module.syntax);
  }

  /** Sets the text of a module. @returns the path of the file with the cell's code */
  #set(slot: number, text: string, syntax: ParsedCell | undefined): string {
    if (syntax?.isJsx !== true) return this.#server.set(fileOf(slot), text);
    this.#server.set(fileOf(slot), `export * from './${jsxFileOf(slot)}';\n`);
    return this.#server.set(jsxFileOf(slot), text);
  }

  #pathOf(slot: number): string {
    const isJsx = this.#cells.get(slot)?.syntax.isJsx === true;
    return this.#server.pathOf(isJsx ? jsxFileOf(slot) : fileOf(slot));
  }

  /** Returns the module for the next cell. A cell that runs is not yet in the scope of the session, but its module is in use. */
  #open(scope: CellScope): number {
    return this.#slots.open([scope, this.#latest ?? scope, ...this.#held]);
  }

  #grow(first: number, last: number): void {
    for (let slot = first; slot <= last; slot += 1) this.#server.set(fileOf(slot), EMPTY);
    const lines = Array.from({ length: last + 1 }, (_, slot) => {
      const module = `'./${fileOf(slot)}'`;
      return `export * as c${slot} from ${module};\nexport type t${slot} = typeof import(${module});\n`;
    });
    this.#server.set(HUB, lines.join(''));
  }
}

/** Whether the cell declares a variable with a type, and gives it no value. */
function isEmpty({ names, declarations }: ParsedCell, name: string): boolean {
  const { kind, hasValue } = names.get(name) ?? {};
  const [only, ...others] = declarations.get(name) ?? [];
  if (only === undefined || others.length > 0 || hasValue !== true || (kind !== 'let' && kind !== 'var')) return false;
  const { node, pattern, init } = only;
  return isNode(pattern?.typeAnnotation) && init === undefined && node.definite !== true;
}

/**
 * Whether a declaration of the variable would have given it a value.
 * @param isHoisted only declarations in a block or a loop, which a cell that ran to its end may have left out
 */
function wouldFill({ declarations }: ParsedCell, name: string, isHoisted: boolean): boolean {
  return (declarations.get(name) ?? []).some(({ pattern, init }) => pattern === undefined || (!isHoisted && init !== undefined));
}

/** @returns a scope in which variables that the cell assigns before it reads them have only the type that can be assigned now; undefined if there are none */
export function narrowed(scope: CellScope, { assigned }: ParsedCell): CellScope | undefined {
  let found: CellScope | undefined;
  for (const name of assigned) {
    const known = scopeName(scope, name);
    if (known === undefined || known.slots.length === 1) continue;
    const names = new Map((found ?? scope).names).set(name, { ...known, slots: [slotOf(known)] });
    found = { ...scope, names };
  }
  return found;
}
