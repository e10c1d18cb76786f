/** What a name of a cell is, as far as its later use depends on it. */
export type DeclaredKind = 'const' | 'let' | 'var' | 'function' | 'class' | 'enum' | 'namespace' | 'type' | 'import';

export interface DeclaredName {
  readonly kind: DeclaredKind;
  /** It exists at run time. */
  readonly hasValue: boolean;
  /** It is a type as well as a value: `const Color = …; type Color = …`. */
  readonly isBoth: boolean;
}

export interface ScopeName extends DeclaredName {
  /** The modules that know its type. Of several the type is the union, and the last is the present module of its cell; see `renewed`. */
  readonly slots: readonly number[];
  /** A later cell used it: what it holds may have grown. */
  readonly isUsed?: true;
  /** A later cell assigned it, or a part of it. */
  readonly isWritten?: true;
}

/** The names of all cells so far, and the modules that say `declare global`. */
export interface CellScope {
  readonly names: Readonly<Record<string, ScopeName>>;
  readonly augments: readonly number[];
  /** The module that the last cell was checked in. */
  readonly last?: number;
}

/** From the text that `Converter` hands around. */
export const parseScope = (text: string): CellScope =>
  text === '' ? { names: {}, augments: [] } : (JSON.parse(text) as CellScope);

export const scopeText = (scope: CellScope): string => JSON.stringify(scope);

export const scopeName = ({ names }: CellScope, name: string): ScopeName | undefined =>
  Object.hasOwn(names, name) ? names[name] : undefined;

/** The present module of the cell that declares a name. */
export const slotOf = ({ slots }: ScopeName): number => slots.at(-1) as number;
