import type { Scope } from '../converter.js';

/** The kind of declaration that a name has in a cell. */
export type DeclaredKind = 'const' | 'let' | 'var' | 'function' | 'class' | 'enum' | 'namespace' | 'type' | 'import';

export interface DeclaredName {
  readonly kind: DeclaredKind;
  /** True if the name exists at run time. */
  readonly hasValue: boolean;
  /** True if the name is both a type and a value: `const Color = …; type Color = …`. */
  readonly isBoth: boolean;
}

export interface ScopeName extends DeclaredName {
  /** The modules that know its type. If there are several, the type is their union, and the last one is the present module of its cell; see `renewed`. */
  readonly slots: readonly number[];
  /** Set if a later cell has used the name, so that its value may contain more than before. */
  readonly isUsed?: true;
  /** Set if a later cell has assigned the name, or a part of its value. */
  readonly isWritten?: true;
  /** Set as long as no cell assigns a variable that was declared without a value. */
  readonly isUnset?: true;
}

/** The names of all cells so far, and the modules that contain `declare global`. */
export interface CellScope {
  readonly names: ReadonlyMap<string, ScopeName>;
  readonly augments: readonly number[];
  /** The module in which the last cell was checked. */
  readonly last?: number;
}

const EMPTY: CellScope = { names: new Map(), augments: [] };

/** The scope that this converter has given to its caller. */
export const cellScope = (scope: Scope): CellScope => (typeof scope === 'string' ? EMPTY : (scope as CellScope));

export const scopeName = ({ names }: CellScope, name: string): ScopeName | undefined => names.get(name);

/** The present module of the cell that declares the name. */
export const slotOf = ({ slots }: ScopeName): number => slots.at(-1) as number;

/** The scope `present`, in which some names are what they were in `before`. */
export function withOld(present: CellScope, before: CellScope, old: Iterable<string>): CellScope {
  const names = new Map(present.names);
  for (const name of old) {
    const known = scopeName(before, name);
    if (known === undefined) names.delete(name);
    else names.set(name, known);
  }
  return { ...present, names };
}
