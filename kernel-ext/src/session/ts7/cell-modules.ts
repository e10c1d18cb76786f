import { type CellModule, fileOf, HUB, moduleText, readable, suffixOf, type Uses, usesIn } from './cell-module.js';
import { renewed } from './cell-renewal.js';
import { type CellScope, type ScopeName, scopeName, slotOf } from './cell-scope.js';
import type { CellSyntax } from './cell-syntax.js';
import { holdsCode } from './code-in-types.js';
import { type Fault, renewedFault } from './renewed-faults.js';
import type { TypeServer } from './type-server.js';

/** The module that a cell is written into once more, to be asked about: its own may be another cell's by now. */
const ASKED = 0;

/** Modules that exist from the start; doubled when they are used up. */
const FIRST_SLOTS = 64;

/** A name that code declares, as far as can be told without parsing it. */
const DECLARED = /\b(?:const|let|var|function\*?|class|enum|namespace|interface|type)\s+([\p{ID_Start}$_][\p{ID_Continue}$]*)/gu;

const EMPTY = `import * as __nbs from './${HUB}';\nexport { };\n`;

/** A cell that was written to be checked. */
export interface WrittenCell {
  readonly slot: number;
  readonly path: string;
  readonly uses: Uses;
}

/**
 * The cells as modules. Each is a file of its own; behind the user's text stands what it uses of earlier cells: see `suffixOf`.
 *
 * The modules are there from the start, empty, and the hub exports all of them. A new cell is then a changed file with the imports that it had before, for
 * which TypeScript keeps its program (0.6 ms); if its imports change, TypeScript resolves every module anew (15–25 ms).
 */
export class CellModules {
  readonly #server: TypeServer;
  readonly #cells = new Map<number, CellModule>();
  #slots = 0;
  /** The scope of the cell that was accepted last: while it runs, it is not yet the session's. */
  #latest: CellScope | undefined;

  constructor(server: TypeServer) {
    this.#server = server;
    this.#server.set(fileOf(ASKED), EMPTY);
    this.#grow(FIRST_SLOTS);
  }

  /**
   * Writes a cell that is still being typed, to ask about it. What it uses stands in front of it: brackets may be open at its end.
   * @returns the file's path, and by how much positions in it are greater than those of `text`
   */
  draft(scope: CellScope, text: string, syntax: CellSyntax | undefined): { path: string; shift: number; head: string } {
    const all = suffixOf(usesIn(scope, text, syntax), syntax);
    // If the code cannot be parsed, what it declares is guessed.
    const declared = syntax === undefined ? new Set([...text.matchAll(DECLARED)].map(([, name]) => name as string)) : undefined;
    const lines = all.slice(0, all.lastIndexOf('export {')).split('\n');
    const isOwn = (line: string): boolean =>
      declared?.has(/^(?:declare \w+|import(?: type)?) \{? ?([^\s:]+)/.exec(line)?.[1] ?? '') === true;
    const head = lines.filter((line) => !isOwn(line)).join('\n');
    return { path: this.#server.set(fileOf(this.#free(scope)()), head + text), shift: head.length, head };
  }

  /**
   * Writes a cell that was accepted, for one question about its types: with the names of now, as its code has them.
   * @param ask gets the file's path
   */
  asked<T>(text: string, syntax: CellSyntax | undefined, ask: (path: string) => T): T {
    const uses = this.#latest === undefined ? new Map() : usesIn(this.#latest, text, syntax);
    try {
      return ask(this.#server.set(fileOf(ASKED), text + suffixOf(uses, syntax)));
    } finally {
      this.#server.set(fileOf(ASKED), EMPTY);
    }
  }

  /** Writes a cell into a module that nothing needs. */
  write(scope: CellScope, text: string, syntax: CellSyntax | undefined): WrittenCell {
    const slot = this.#free(scope)();
    const uses = usesIn(scope, text, syntax);
    return { slot, path: this.#server.set(fileOf(slot), text + suffixOf(uses, syntax)), uses };
  }

  /** A cell with the same text and the same surroundings has run before: its types are the same, those with private members too. */
  same(scope: CellScope, text: string, syntax: CellSyntax, { uses }: WrittenCell): boolean {
    const slots = new Set([...syntax.names.keys()].map((name) => scopeName(scope, name)?.slots.join()));
    const [slot] = slots;
    if (slots.size !== 1 || slot === undefined) return false;
    const before = this.#cells.get(Number(slot));
    return before !== undefined && before.text === text && moduleText(before) === text + suffixOf(uses, syntax);
  }

  /** The first use in a cell of a function of an earlier one that is wrong by now. */
  renewedFault(
    syntax: CellSyntax,
    { uses }: WrittenCell,
    isSilenced: (code: number) => boolean,
  ): (Fault & { end: number }) | undefined {
    const faultsOf = (slot: number): readonly Fault[] => {
      const path = this.#server.pathOf(fileOf(slot));
      return this.#server
        .diagnostics(path, true)
        .filter(({ code, fileName }) => !isSilenced(code) && fileName === path)
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

  /** Takes a cell that was accepted: the scope behind it. */
  accept(scope: CellScope, text: string, syntax: CellSyntax, { slot, uses }: WrittenCell): CellScope {
    this.#cells.set(slot, { text, syntax, uses });
    return this.#declared(scope, slot, syntax.names.keys());
  }

  /** The scope behind the cell of `after`, which did not come to some of its declarations. */
  without(after: CellScope, before: CellScope, missing: ReadonlySet<string>): CellScope {
    const { last } = after;
    const syntax = last === undefined || after === before ? undefined : this.#cells.get(last)?.syntax;
    if (last === undefined || syntax === undefined) return before;
    return this.#declared(
      before,
      last,
      [...syntax.names.keys()].filter((name) => !missing.has(name)),
    );
  }

  #declared(scope: CellScope, slot: number, declared: Iterable<string>): CellScope {
    const { syntax, uses } = this.#cells.get(slot) as CellModule;
    const names: Record<string, ScopeName> = { ...scope.names };
    const writes = new Set(syntax.free.filter(({ kind }) => kind === 'write' || kind === 'mutate').map(({ name }) => name));
    for (const name of uses.keys()) {
      const used = names[name];
      if (used !== undefined) names[name] = { ...used, isUsed: true, ...(writes.has(name) ? { isWritten: true } : {}) };
    }
    const redeclared: string[] = [];
    for (const name of declared) {
      const one = syntax.names.get(name);
      if (one === undefined) continue;
      if (scopeName(scope, name) !== undefined) redeclared.push(name);
      names[name] = { ...one, slots: [slot] };
    }
    const augments = syntax.augments ? [...scope.augments, slot] : scope.augments;
    const after = { names, augments, last: slot };
    this.#latest = after;
    if (redeclared.length === 0) return after;
    const free = this.#free(scope);
    const { names: present, modules } = renewed({
      cells: this.#cells,
      names,
      redeclared,
      free,
      hasCode: (at, name, stale) => {
        const paths = [...stale].map((one) => this.#server.pathOf(fileOf(one)));
        return this.#server.ask((_, checker) => holdsCode(checker, this.#server.pathOf(fileOf(at)), name, new Set(paths)));
      },
    });
    for (const [one, module] of modules) {
      this.#cells.set(one, module);
      this.#server.set(fileOf(one), moduleText(module));
    }
    this.#latest = { names: present, augments, last: slot };
    return this.#latest;
  }

  /** Gives modules that nothing needs, each once. */
  #free(scope: CellScope): () => number {
    const needed = new Set<number>();
    const need = (slot: number): void => {
      if (needed.has(slot)) return;
      needed.add(slot);
      for (const use of this.#cells.get(slot)?.uses.values() ?? [])
        for (const known of [use.now, use.ran, use.first]) for (const one of known?.slots ?? []) need(one);
    };
    for (const { names, augments, last } of [scope, this.#latest ?? scope]) {
      for (const { slots } of Object.values(names)) for (const slot of slots) need(slot);
      for (const slot of augments) need(slot);
      if (last !== undefined) need(last);
    }
    let next = 0;
    return () => {
      do next += 1;
      while (needed.has(next));
      if (next > this.#slots) this.#grow(this.#slots * 2);
      return next;
    };
  }

  #grow(slots: number): void {
    for (let slot = this.#slots + 1; slot <= slots; slot += 1) this.#server.set(fileOf(slot), EMPTY);
    this.#slots = slots;
    const lines = Array.from({ length: slots + 1 }, (_, slot) => {
      const module = `'./${fileOf(slot)}'`;
      return `export * as c${slot} from ${module};\nexport type t${slot} = typeof import(${module});\n`;
    });
    this.#server.set(HUB, lines.join(''));
  }
}

/** @returns the scope in which variables that a cell assigns before it reads them have only the type that can be assigned now; undefined if there are none */
export function narrowed(scope: CellScope, { assigned }: CellSyntax): CellScope | undefined {
  let found: CellScope | undefined;
  for (const name of assigned) {
    const known = scopeName(scope, name);
    if (known === undefined || known.slots.length === 1) continue;
    found = { ...scope, names: { ...(found ?? scope).names, [name]: { ...known, slots: [slotOf(known)] } } };
  }
  return found;
}
