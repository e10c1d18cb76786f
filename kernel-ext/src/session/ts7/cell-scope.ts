/** What a name of a cell is, as far as its later use depends on it. `both`: a value and a type of one name. */
export type DeclaredKind = 'const' | 'let' | 'var' | 'function' | 'class' | 'enum' | 'namespace' | 'type' | 'import';

export interface ScopeName {
  /** The cell's module that declares it. */
  readonly slot: number;
  readonly kind: DeclaredKind;
  /** It exists at run time. */
  readonly hasValue: boolean;
  /** It is a type as well as a value: `const Color = …; type Color = …`. */
  readonly isBoth: boolean;
  /** What it is made of is looked up when it is used, and not when the cell ran: a function in a constant, a variable with a type annotation. */
  readonly isLate: boolean;
}

/** The names of all cells so far, and the modules that say `declare global`. */
export interface CellScope {
  readonly names: Readonly<Record<string, ScopeName>>;
  readonly augments: readonly number[];
}

/** From the text that `Converter` hands around. */
export const parseScope = (text: string): CellScope =>
  text === '' ? { names: {}, augments: [] } : (JSON.parse(text) as CellScope);

export const scopeText = (scope: CellScope): string => JSON.stringify(scope);

export const scopeName = ({ names }: CellScope, name: string): ScopeName | undefined =>
  Object.hasOwn(names, name) ? names[name] : undefined;
