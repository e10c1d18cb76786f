import { GLOBAL_NAMES } from './builtins.js';
import type { Catalog, FunctionSource } from './catalog.js';
import type { Cell } from './cell.js';
import type { Declaration, Range } from './declaration.js';
import { hasJsx, namesForJsx } from './jsx.js';
import { labelOf, type Reference, resolve } from './scope.js';
import type { SourceRegistryOptions } from './types.js';
import { type Link, partsOf, type Unit } from './unit.js';
import { UnitBuilder } from './unit-builder.js';
import { UnitTable } from './unit-table.js';
import type { ValueEncoder } from './value-encode.js';

/** Everything that one class or function needs. */
export interface Closure {
  readonly entry: Unit;
  readonly units: readonly Unit[];
  readonly values: ValueEncoder;
  /** The names that must keep their global meaning. */
  readonly globals: ReadonlySet<string>;
  readonly notes: readonly { readonly key: string; readonly text: string }[];
}

/** @throws NBS_CANNOT_SHIP with the chain from the entry to what cannot be shipped */
export function closureOf(source: FunctionSource, value: unknown, catalog: Catalog, options: SourceRegistryOptions): Closure {
  return new ClosureBuilder(catalog, options).build(source, value);
}

class ClosureBuilder {
  readonly #table = new UnitTable();
  readonly #builder: UnitBuilder;
  readonly #globals = new Set<string>();
  readonly #catalog: Catalog;
  readonly #options: SourceRegistryOptions;

  constructor(catalog: Catalog, options: SourceRegistryOptions) {
    this.#catalog = catalog;
    this.#options = options;
    this.#builder = new UnitBuilder(this.#table, catalog, options);
  }

  build(source: FunctionSource, value: unknown): Closure {
    const entry = this.#builder.functionUnit(source, undefined, value);
    for (let unit = this.#table.next(); unit; unit = this.#table.next()) this.#link(unit);
    const notes = [...this.#builder.notes].map(([key, text]) => ({ key, text }));
    return { entry, units: this.#table.all(), values: this.#builder.values, globals: this.#globals, notes };
  }

  #link(unit: Unit): void {
    const cell = unit.cell;
    const links: Link[] = [];
    for (const part of partsOf(unit)) {
      if (!cell) continue;
      const base = baseDepth(unit, cell);
      for (const reference of cell.analysis.references) {
        if (reference.start < part.start || reference.end > part.end) continue;
        const eager = reference.depth <= base;
        const target = this.#target(unit, cell, part, reference, eager);
        if (!target) continue;
        links.push({ reference, target, eager });
        if (reference.kind === 'write' || reference.kind === 'mutate') this.#builder.note(target);
      }
      if (hasJsx(cell, part)) links.push(...this.#linksOfJsx(unit, cell, part));
    }
    unit.links = links;
  }

  /** The names that only the compiler writes. They may be missing, as in the notebook: then the code fails when it runs. */
  #linksOfJsx(unit: Unit, cell: Cell, part: Range): Link[] {
    return namesForJsx(cell, this.#options.compilerOptions?.()).flatMap((name) => {
      const { scope } = cell.analysis;
      const reference = { name, start: part.start, end: part.start, scope, kind: 'typeof', shorthand: false, depth: 0 } as const;
      const target = this.#target(unit, cell, part, reference, false);
      return target ? [{ reference, target, eager: true }] : [];
    });
  }

  /** The unit that a reference refers to; undefined if the reference needs nothing from outside of the unit. */
  #target(unit: Unit, cell: Cell, part: Range, reference: Reference, eager: boolean): Unit | undefined {
    const { name } = reference;
    const scope = resolve(reference);
    if (scope && scope !== cell.analysis.scope) {
      const isOwnClass = scope.kind === 'class' && unit.form.as === 'statements' && scope.start === unit.form.node?.start;
      if (isOwnClass) return unit;
      if (part.start <= scope.start && scope.end <= part.end) return undefined;
      const owner = labelOf(scope);
      const where = owner === undefined ? 'the block around it' : owner;
      throw this.#table.refusal(
        unit,
        name,
        `it is a local variable of ${where}; declare it at the top level of a cell or pass it to bind()`,
      );
    }
    const declaration = scope ? cell.declarations.get(name) : this.#crossCell(name, cell, eager);
    if (declaration) return this.#builder.declarationUnit(declaration, unit);
    if (!scope) {
      const module = this.#options.globals?.[name];
      if (module !== undefined) return this.#builder.simple(`global:${name}`, name, { as: 'global', module }, unit);
      if (GLOBAL_NAMES.has(name)) {
        this.#globals.add(name);
        return undefined;
      }
    }
    const own = this.#options.lookup(name);
    const isOwn = own !== undefined || this.#options.has?.(name) === true;
    const value = isOwn ? own : (globalThis as Record<string, unknown>)[name];
    if (isOwn || value !== undefined || scope)
      return this.#builder.valueUnit(`global:${name}`, name, 'let', value, unit, undefined);
    if (reference.kind === 'typeof') {
      this.#globals.add(name);
      return undefined;
    }
    throw this.#table.refusal(unit, name, 'no cell declares it, and it has no value');
  }

  #crossCell(name: string, cell: Cell, eager: boolean): Declaration | undefined {
    const found = this.#catalog.find(name, cell, eager);
    // A cell that used `fetch` before another cell declared a `fetch` means Node's.
    const isGlobal = GLOBAL_NAMES.has(name) || this.#options.globals?.[name] !== undefined;
    if (found && isGlobal && (this.#catalog.declarations(name)[0]?.cell.order ?? 0) > cell.order) return undefined;
    return found;
  }
}

/** The depth of the unit's own code. Deeper code runs later. */
function baseDepth(unit: Unit, cell: Cell): number {
  return unit.form.as === 'expression' ? (cell.analysis.depths.get(unit.form.node.start) ?? 0) : 0;
}
