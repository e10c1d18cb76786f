import { type CellScope, type ScopeName, scopeName } from './cell-scope.js';
import type { CellSyntax } from './cell-syntax.js';
import type { TypeServer } from './type-server.js';

/** Exports every cell's module, so that a cell can name another's declarations by its number. */
export const HUB = '__nbs_hub.ts';

/** Modules that exist from the start; doubled when they are used up. */
const FIRST_SLOTS = 64;

const NAME = /[\p{ID_Start}$_][\p{ID_Continue}$]*/gu;

/** A name that code declares, as far as can be told without parsing it. */
const DECLARED = /\b(?:const|let|var|function\*?|class|enum|namespace|interface|type)\s+([\p{ID_Start}$_][\p{ID_Continue}$]*)/gu;

const fileOf = (slot: number): string => `__nbs_cell_${slot}.ts`;

const EMPTY = `import * as __nbs from './${HUB}';\nexport { };\n`;

/** What the text of a cell is checked with: `text` stands behind it, so that positions stay the user's. */
interface Suffix {
  readonly text: string;
  /** Name of an earlier cell → the module that it is taken from. */
  readonly uses: ReadonlyMap<string, number>;
}

interface CellModule {
  readonly text: string;
  readonly syntax: CellSyntax;
  readonly suffix: Suffix;
}

/**
 * The cells as modules. Each is a file of its own; behind the user's text stands what it uses of earlier cells:
 *
 *     import * as __nbs from './__nbs_hub.ts';
 *     import Point = __nbs.c3.Point;             every meaning of a function, class, enum, namespace, type or import
 *     declare let x: __nbs.t2['x'];              a variable: an alias could not be assigned to (TS2632), and `typeof __nbs.c2.x` can be a circle (TS2502)
 *     import type { T } from './__nbs_cell_2.ts' what came by `import type` (TS1380)
 *
 * The modules are there from the start, empty, and the hub exports all of them. A new cell is then a changed file with the imports that it had before, for
 * which TypeScript keeps its program (0.6 ms); if its imports change, TypeScript resolves every module anew (15–25 ms).
 */
export class CellModules {
  readonly #server: TypeServer;
  readonly #cells = new Map<number, CellModule>();
  #slots = 0;

  constructor(server: TypeServer) {
    this.#server = server;
    this.#grow(FIRST_SLOTS);
  }

  /**
   * Writes a cell that is still being typed, to ask about it. What it uses stands in front of it: brackets may be open at its end.
   * @returns the file's path, and by how much positions in it are greater than those of `text`
   */
  draft(scope: CellScope, text: string, syntax: CellSyntax | undefined): { path: string; shift: number; head: string } {
    const { text: all } = this.#suffix(scope, text, syntax);
    // Of code that cannot be parsed, what it declares is guessed.
    const declared = syntax === undefined ? new Set([...text.matchAll(DECLARED)].map(([, name]) => name as string)) : undefined;
    const lines = all.slice(0, all.lastIndexOf('export {')).split('\n');
    const isOwn = (line: string): boolean =>
      declared?.has(/^(?:declare \w+|import(?: type)?) \{? ?([^\s:]+)/.exec(line)?.[1] ?? '') === true;
    const head = lines.filter((line) => !isOwn(line)).join('\n');
    return { path: this.#server.set(fileOf(this.#free(scope)), head + text), shift: head.length, head };
  }

  /** Writes a cell into a module that nothing needs. @returns the module, and the file's path */
  write(scope: CellScope, text: string, syntax: CellSyntax | undefined): { slot: number; path: string; suffix: Suffix } {
    const slot = this.#free(scope);
    const suffix = this.#suffix(scope, text, syntax);
    return { slot, path: this.#server.set(fileOf(slot), text + suffix.text), suffix };
  }

  /** The slot of a cell with the same text and the same surroundings: its types are the same, those with private members too. */
  same(scope: CellScope, text: string, syntax: CellSyntax, suffix: Suffix): boolean {
    const slots = new Set([...syntax.names.keys()].map((name) => scopeName(scope, name)?.slot));
    const [slot] = slots;
    if (slots.size !== 1 || slot === undefined) return false;
    const before = this.#cells.get(slot);
    return before !== undefined && before.text === text && before.suffix.text === suffix.text;
  }

  /** Takes a cell that was accepted: the scope behind it. */
  accept(scope: CellScope, slot: number, text: string, syntax: CellSyntax, suffix: Suffix): CellScope {
    this.#cells.set(slot, { text, syntax, suffix });
    const names: Record<string, ScopeName> = { ...scope.names };
    for (const [name, one] of syntax.names) names[name] = { slot, ...one };
    const redeclared = [...syntax.names.keys()].filter((name) => scopeName(scope, name) !== undefined);
    this.#renew(names, scope.augments, redeclared);
    return { names, augments: syntax.augments ? [...scope.augments, slot] : scope.augments };
  }

  /** Names the cell in messages of the checker: `import("…/__nbs_cell_3").Point` becomes `Point`. */
  static readable(message: string): string {
    return message.replaceAll(/import\("[^"]*__nbs_cell_\d+"\)\./g, '').replaceAll(/__nbs\.[ct]\d+\.?/g, '');
  }

  /** @param text only names that stand in it are declared; `undefined`: all are */
  #suffix(scope: CellScope, text: string | undefined, syntax: CellSyntax | undefined): Suffix {
    const words = text === undefined ? Object.keys(scope.names) : new Set(text.match(NAME));
    const lines = [`\nimport * as __nbs from './${HUB}';`];
    const uses = new Map<string, number>();
    for (const name of words) {
      const from = scopeName(scope, name);
      if (from === undefined || syntax?.names.has(name) === true) continue;
      uses.set(name, from.slot);
      lines.push(declarationOf(name, from));
    }
    const exported = [...(syntax?.names.keys() ?? [])].filter((name) => !syntax?.exported.has(name));
    lines.push(`export { ${exported.join(', ')} };\n`);
    return { text: lines.join('\n'), uses };
  }

  /**
   * Names were declared anew. Functions, classes and types of earlier cells that use them look them up again, as their code does when it runs: they get a
   * module of their own with the names of now. Variables keep the type that they were given, except those that say it: those look it up too. A class whose base was declared anew keeps its base.
   */
  #renew(names: Record<string, ScopeName>, augments: readonly number[], redeclared: readonly string[]): void {
    const changed = new Set(redeclared);
    for (let isDone = changed.size === 0; !isDone; ) {
      isDone = true;
      for (const slot of new Set(Object.values(names).map((one) => one.slot))) {
        const cell = this.#cells.get(slot);
        if (cell === undefined) continue;
        const isStale = [...cell.suffix.uses].some(
          ([name, from]) => changed.has(name) && Object.hasOwn(names, name) && names[name]?.slot !== from,
        );
        if (!isStale) continue;
        const late = Object.entries(names).filter(([name, one]) => one.slot === slot && looksUp(name, one, cell.syntax, changed));
        if (late.length === 0) continue;
        const scope = { names, augments };
        const twin = this.#free(scope);
        const suffix = this.#suffix(scope, cell.text, cell.syntax);
        this.#server.set(fileOf(twin), cell.text + suffix.text);
        this.#cells.set(twin, { ...cell, suffix });
        for (const [name, one] of late) {
          names[name] = { ...one, slot: twin };
          changed.add(name);
        }
        isDone = false;
      }
    }
  }

  /** A slot that no name of the scope needs. */
  #free(scope: CellScope): number {
    const needed = new Set<number>();
    const need = (slot: number): void => {
      if (needed.has(slot)) return;
      needed.add(slot);
      for (const used of this.#cells.get(slot)?.suffix.uses.values() ?? []) need(used);
    };
    for (const { slot } of Object.values(scope.names)) need(slot);
    for (const slot of scope.augments) need(slot);
    for (let slot = 1; slot <= this.#slots; slot += 1) if (!needed.has(slot)) return slot;
    this.#grow(this.#slots * 2);
    return this.#free(scope);
  }

  #grow(slots: number): void {
    for (let slot = this.#slots + 1; slot <= slots; slot += 1) this.#server.set(fileOf(slot), EMPTY);
    this.#slots = slots;
    const lines = Array.from({ length: slots }, (_, i) => {
      const module = `'./${fileOf(i + 1)}'`;
      return `export * as c${i + 1} from ${module};\nexport type t${i + 1} = typeof import(${module});\n`;
    });
    this.#server.set(HUB, lines.join(''));
  }
}

function declarationOf(name: string, { slot, kind, hasValue, isBoth }: ScopeName): string {
  if (kind === 'import' && !hasValue) return `import type { ${name} } from './${fileOf(slot)}';`;
  const isVariable = !isBoth && (kind === 'const' || kind === 'let' || kind === 'var');
  return isVariable ? `declare ${kind} ${name}: __nbs.t${slot}['${name}'];` : `import ${name} = __nbs.c${slot}.${name};`;
}

function looksUp(name: string, { kind, isLate }: ScopeName, { heritage }: CellSyntax, changed: ReadonlySet<string>): boolean {
  if (!isLate) return false;
  return kind !== 'class' || ![...(heritage.get(name) ?? [])].some((base) => changed.has(base));
}
