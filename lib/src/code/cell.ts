import { type Analysis, analyse } from './analyse.js';
import { type Declaration, declare, functionOf } from './declaration.js';
import { jsxIn } from './jsx.js';
import { childrenOf, isFunctionLike, type Node, parseWithJsx, unwrap } from './parse.js';
import { shippedPart } from './shipped-calls.js';
import type { SourceId } from './types.js';

/** A class or function expression whose value is tagged with its source id. */
export interface TaggedSource {
  readonly id: SourceId;
  readonly cell: Cell;
  /** The class or function. */
  readonly node: Node;
  /** The whole argument, with its type assertions. */
  readonly argument: Node;
}

/** One execution of a cell: its source, its declarations, and the values of its names. */
export class Cell {
  readonly id: string;
  readonly source: string;
  /** Its number in the order of execution. */
  readonly order: number;
  #parsed: readonly Node[] | undefined;
  #declared: Map<string, Declaration> | undefined;
  #analysed: Analysis | undefined;
  #tags: readonly TaggedSource[] | undefined;
  #jsx: readonly number[] | undefined;
  readonly #bound = new Map<string, { readonly value: unknown } | WeakRef<object>>();

  constructor(id: string, source: string, order: number) {
    this.id = id;
    this.source = source;
    this.order = order;
  }

  get statements(): readonly Node[] {
    this.#parsed ??= parseWithJsx(this.source);
    return this.#parsed;
  }

  get declarations(): ReadonlyMap<string, Declaration> {
    if (!this.#declared) {
      this.#declared = new Map();
      for (const statement of this.statements) declare(statement, this, this.#declared);
    }
    return this.#declared;
  }

  get analysis(): Analysis {
    this.#analysed ??= analyse(this.statements, this.source.length);
    return this.#analysed;
  }

  /** The offsets at which elements and fragments of JSX begin. */
  get jsx(): readonly number[] {
    this.#jsx ??= jsxIn(this.source, this.statements);
    return this.#jsx;
  }

  get tagged(): readonly TaggedSource[] {
    this.#tags ??= taggedIn(this.statements).map(({ node, argument }, n) => ({
      id: `${this.id}#${n}`,
      cell: this,
      node,
      argument,
    }));
    return this.#tags;
  }

  /** The last value that this cell's code gave to a name. Objects are held by weak references, so that an array can be freed when its name is redefined. */
  valueOf(name: string): { readonly value: unknown } | undefined {
    const bound = this.#bound.get(name);
    if (!(bound instanceof WeakRef)) return bound;
    const value = bound.deref();
    return value === undefined ? undefined : { value };
  }

  get hasValues(): boolean {
    return this.#bound.size > 0;
  }

  setValue(name: string, value: unknown): void {
    const isObject = (typeof value === 'object' && value !== null) || typeof value === 'function';
    this.#bound.set(name, isObject ? new WeakRef(value) : { value });
  }

  /** The function or class that `name = …` at the top level assigns, if there is exactly one. */
  assignedFunction(name: string): Node | undefined {
    const found: Node[] = [];
    for (const statement of this.statements) {
      const expression = statement.type === 'ExpressionStatement' ? (statement.expression as Node) : undefined;
      if (expression?.type !== 'AssignmentExpression' || expression.operator !== '=') continue;
      if ((expression.left as Node).name !== name) continue;
      const node = unwrap(expression.right as Node);
      if (isFunctionLike(node)) found.push(node);
    }
    return found.length === 1 ? found[0] : undefined;
  }

  /** The node of a function that this cell gave to `name`. */
  functionNode(name: string): Node | undefined {
    const declaration = this.declarations.get(name);
    return declaration ? functionOf(declaration) : this.assignedFunction(name);
  }
}

/** The classes and functions that may be shipped: arguments of calls, and values of properties, that `shipped-calls.ts` lists. */
export function taggedIn(statements: readonly Node[]): { readonly node: Node; readonly argument: Node }[] {
  const found: { node: Node; argument: Node }[] = [];
  const visit = (node: Node): void => {
    const argument = shippedPart(node);
    if (argument !== undefined && isFunctionLike(unwrap(argument))) found.push({ node: unwrap(argument), argument });
    for (const child of childrenOf(node)) visit(child);
  };
  for (const statement of statements) visit(statement);
  return found;
}
