/** The operand that an expression begins with: `ready` in `!ready.now && start()`. */
export type FirstOperand =
  | { readonly kind: 'name'; readonly name: string; readonly isCalled: boolean }
  /** Nothing that TypeScript has a use for: a regular expression alone, as `/bin/su` is one, or arithmetic with the result of `!`. */
  | { readonly kind: 'command' }
  | { readonly kind: 'other' };

/** Where a text has statements, and operators `%`. */
export interface SyntaxPlaces {
  readonly statements: ReadonlySet<number>;
  /** The offsets behind the operators. */
  readonly remainders: ReadonlySet<number>;
  /** The names that are expressions. */
  readonly names: ReadonlySet<string>;
}

/** A name that a text declares, and the lines (from 0) in which it can be used. */
export interface DeclaredName {
  readonly name: string;
  /** The line of its declaration. */
  readonly line: number;
  /** The line in which its block begins, behind which it exists; -1 at the top. */
  readonly from: number;
  /** The last line of its block. */
  readonly to: number;
  /** It exists above its declaration too: a function, an import, a `var`. */
  readonly isHoisted: boolean;
}

/** What `%time` measures: a value, or statements; a declaration must stay in the scope of the cell. */
export interface TimedCode {
  readonly kind: 'expression' | 'declaration' | 'statements';
  /** The offset behind the code, without its semicolon and comments. */
  readonly end: number;
  /** The one value of a declaration, by its offsets. */
  readonly value?: { readonly start: number; readonly end: number };
}

/** What magics have to know of TypeScript, so that TypeScript is never taken for a magic. */
export interface Grammar {
  /** Whether the text is a statement, or the beginning of one. */
  completeness(text: string): 'complete' | 'incomplete' | 'invalid';
  /** @returns undefined if the text does not begin with an expression */
  firstOperand(text: string): FirstOperand | undefined;
  /** The names that an expression uses. @returns undefined if the text is no expression, or a list of some, or a literal alone */
  expressionNames(text: string): readonly string[] | undefined;
  /** @returns undefined if the text is not TypeScript */
  places(text: string): SyntaxPlaces | undefined;
  /** @returns undefined if the text is not TypeScript */
  declared(text: string): readonly DeclaredName[] | undefined;
  /** @returns undefined if the text is not TypeScript */
  timed(text: string): TimedCode | undefined;
  /** The names to which statements of a cell's top level assign, and which nothing in the cell declares. */
  undeclared(text: string): ReadonlySet<string>;
  /** A name that an earlier cell has declared. */
  isDeclared(name: string): boolean;
  isGlobal(name: string): boolean;
  isMagic(name: string): boolean;
}
