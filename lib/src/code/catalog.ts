import { Cell, type TaggedSource } from './cell.js';
import { type Declaration, functionOf, isVariable } from './declaration.js';
import { awaitedModule } from './literal.js';
import type { Node } from './parse.js';
import { isAccessorKey, type PathKey } from './path-key.js';
import { type Likeness, likenessOf } from './same-function.js';
import { writesTo } from './set-properties.js';
import type { CompilerOptions, SourceId } from './types.js';

type AnyFunction = (...args: never[]) => unknown;

/** The source from which a function value was made. */
export interface FunctionSource {
  readonly id: SourceId;
  readonly cell: Cell;
  readonly name: string;
  readonly node: Node;
  /** Undefined if it was an expression: an argument of a call such as `serve.deployment(`, or the right side of an assignment. */
  readonly declaration: Declaration | null;
  /** The variable to which code assigns it. */
  readonly variable?: Declaration | undefined;
}

/** A function, or something else, that a cell assigns to a variable. */
interface Assigned {
  readonly cell: Cell;
  readonly source: FunctionSource | undefined;
  readonly isPlain: boolean;
  /** False inside of a function. */
  readonly isAtOnce: boolean;
}

/** Every cell that ran, what it declared, and the source of each function. */
export class Catalog {
  readonly #cells: Cell[] = [];
  readonly #byId = new Map<string, Cell>();
  readonly #byName = new Map<string, Declaration[]>();
  #indexed = 0;
  readonly #functions = new WeakMap<object, FunctionSource>();
  readonly #compilerOptions: () => CompilerOptions | undefined;

  /** @param compilerOptions those with which cells are compiled */
  constructor(compilerOptions: () => CompilerOptions | undefined = () => undefined) {
    this.#compilerOptions = compilerOptions;
  }

  addCell(id: string, source: string): void {
    const cell = new Cell(id, source, this.#cells.length);
    this.#cells.push(cell);
    this.#byId.set(id, cell);
  }

  cell(id: string): Cell | undefined {
    return this.#byId.get(id);
  }

  tag(id: SourceId, value: unknown): void {
    if (typeof value !== 'function' || this.#functions.has(value)) return;
    const source = this.#tagged(id);
    if (source) this.#functions.set(value, source);
  }

  #tagged(id: SourceId): FunctionSource | undefined {
    const cell = this.#byId.get(id.slice(0, id.lastIndexOf('#')));
    const tagged = cell?.tagged.find((candidate: TaggedSource) => candidate.id === id);
    if (!cell || !tagged) return undefined;
    const name = ((tagged.node.id as Node | null | undefined)?.name as string | undefined) ?? '';
    return { id, cell, name, node: tagged.node, declaration: null };
  }

  /** Notes the value that a cell's code gave to a name. */
  bind(cellId: string, name: string, value: unknown): void {
    const cell = this.#byId.get(cellId);
    if (!cell) return;
    const before = cell.valueOf(name)?.value;
    cell.setValue(name, value);
    if (typeof value !== 'function' || this.#functions.has(value)) return;
    const declaration = cell.declarations.get(name) ?? this.declarations(name).at(-1);
    const isOther = typeof before === 'function' && before !== value;
    const found = this.#given(name, value as AnyFunction, declaration, isOther);
    if (found) this.#functions.set(value, found);
  }

  /**
   * The source of a function that a variable has: that of its declaration if no code assigns the variable, else the one from which the function was
   * compiled. Undefined if it cannot be told.
   * @param isOther the variable had another function before
   */
  #given(name: string, value: AnyFunction, declaration: Declaration | undefined, isOther: boolean): FunctionSource | undefined {
    const declared = declaration && declaredFunction(declaration);
    const assigned = this.#assigned(name, declaration);
    if (assigned.length === 0) return declared;
    const known = [declared, ...assigned.map(({ source }) => source)].filter((source) => source !== undefined);
    const same = known.findLast((source) => this.likeness(value, source) === 'same');
    if (same) return same;
    if (declared && this.#isNone(assigned, value) && this.likeness(value, declared) === 'unknown') return declared;
    // The compiler may have changed its text. Then it is the function of the last assignment, if there is no other one that may have run since.
    const [last, ...others] = assigned.filter(({ cell }) => cell === assigned.at(-1)?.cell);
    const isCertain = isOther && others.length === 0 && assigned.every(({ isAtOnce }) => isAtOnce);
    return isCertain ? last?.source : undefined;
  }

  /** True if a value is certainly not one that code has assigned to the variable. */
  isNotAssigned(declaration: Declaration, value: unknown): boolean {
    return this.#isNone(this.#assigned(declaration.name, declaration), value);
  }

  #isNone(assigned: readonly Assigned[], value: unknown): boolean {
    if (Object(value) !== value) return assigned.length === 0;
    return assigned.every(({ source, isPlain }) => {
      if (!source) return isPlain;
      return typeof value !== 'function' || this.likeness(value as AnyFunction, source) === 'other';
    });
  }

  /** Whether a function was compiled from a piece of a cell. */
  likeness(value: AnyFunction, source: Pick<FunctionSource, 'cell' | 'node'>): Likeness {
    return likenessOf(Function.prototype.toString.call(value), source, this.#compilerOptions());
  }

  /** True if code assigns the variable or may change what is at `path` in its value, as far as the variable's name shows it. */
  isChanged(declaration: Declaration, [first]: readonly PathKey[]): boolean {
    const property = String(isAccessorKey(first) ? first.of : first);
    return this.isAssigned(declaration) || writesTo(declaration, this).some(({ key }) => key === null || key === property);
  }

  /** What cells assign to a variable, in the order of the cells. */
  #assigned(name: string, declaration: Declaration | undefined): Assigned[] {
    if (declaration && declaration.kind !== 'let') return [];
    const own = declaration?.node && declaration.path === '' ? awaitedModule(declaration.node) : undefined;
    return this.#cells.flatMap((cell) => {
      // It assigns a variable of its own.
      if (declaration && cell !== declaration.cell && cell.declarations.has(name)) return [];
      const isOlder = declaration !== undefined && cell.order < declaration.cell.order;
      return (
        cell
          .assignments(name)
          // Another import of the same module changes nothing.
          .filter(({ isAtOnce, module }) => !(isOlder && isAtOnce) && (module === undefined || module !== own))
          .map(({ node, isPlain, isAtOnce }, n) => {
            const id = `${cell.id}=${name}${n === 0 ? '' : `@${node?.start}`}`;
            return {
              cell,
              isPlain,
              isAtOnce,
              source: node && { id, cell, name, node, declaration: null, variable: declaration },
            };
          })
      );
    });
  }

  /** True if code assigns the variable after its declaration, or may do so. */
  isAssigned(declaration: Declaration): boolean {
    return this.#assigned(declaration.name, declaration).length > 0;
  }

  /** The function of a variable that always has the one of its declaration. */
  onlyFunctionOf(declaration: Declaration): FunctionSource | undefined {
    return this.isAssigned(declaration) ? undefined : declaredFunction(declaration);
  }

  /** The source of a function value. `lookup` returns the value of a name, because a host may not call `bind` for each one. */
  sourceOf(value: unknown, lookup: (name: string) => unknown): FunctionSource | undefined {
    if (typeof value !== 'function') return undefined;
    const known = this.#functions.get(value);
    if (known) return known;
    const declaration = this.declarations((value as AnyFunction).name).at(-1);
    if (!declaration || valueNow(declaration.name, lookup) !== value) return undefined;
    const source = this.#given(declaration.name, value as AnyFunction, declaration, false);
    if (source) this.#functions.set(value, source);
    return source;
  }

  /** The declarations of a name, the oldest first. */
  declarations(name: string): readonly Declaration[] {
    for (; this.#indexed < this.#cells.length; this.#indexed += 1) {
      for (const declaration of (this.#cells[this.#indexed] as Cell).declarations.values()) {
        const known = this.#byName.get(declaration.name);
        if (known) known.push(declaration);
        else this.#byName.set(declaration.name, [declaration]);
      }
    }
    return this.#byName.get(name) ?? [];
  }

  /**
   * The declaration that a name in `from` refers to, if `from` does not declare it: the latest one. If the name was evaluated while the cell ran
   * (`extends`), the latest one of that time.
   */
  find(name: string, from: Cell, eager: boolean): Declaration | undefined {
    const all = this.declarations(name).filter((declaration, _, list) => list.length === 1 || ran(declaration));
    return (eager ? all.findLast((declaration) => declaration.cell.order < from.order) : undefined) ?? all.at(-1);
  }

  /**
   * The cells whose code means this declaration by its name, as long as it is not in a function that runs after a later declaration. In older cells, only
   * functions may.
   */
  cellsThatUse(declaration: Declaration): readonly Cell[] {
    const { name, cell } = declaration;
    const all = this.declarations(name);
    const next = all[all.indexOf(declaration) + 1]?.cell.order ?? Number.POSITIVE_INFINITY;
    const means = (one: Cell): boolean => one === cell || !one.declarations.has(name);
    return this.#cells.filter((one) => one.order < next && one.source.includes(name) && means(one));
  }

  /** True if no later cell declares the name again. */
  isLatest(declaration: Declaration): boolean {
    return this.declarations(declaration.name).at(-1) === declaration;
  }
}

function declaredFunction(declaration: Declaration): FunctionSource | undefined {
  const { cell, name } = declaration;
  const node = functionOf(declaration);
  return node && { id: declarationKey(declaration), cell, name, node, declaration };
}

export const declarationKey = (declaration: Declaration): SourceId => `${declaration.cell.id}:${declaration.name}`;

// If a cell failed, it declares nothing after the place of the failure.
function ran(declaration: Declaration): boolean {
  const { cell, name, kind } = declaration;
  if (kind === 'import' || isVariable(declaration) || !cell.hasValues) return true;
  return cell.valueOf(name)?.value !== undefined;
}

// A name has no value before the notebook has run its declaration.
function valueNow(name: string, lookup: (name: string) => unknown): unknown {
  try {
    return lookup(name);
  } catch {
    return undefined;
  }
}
