import { type Analysis, analyse } from './analyse.js';
import { type Declaration, declare } from './declaration.js';
import { jsxIn } from './jsx.js';
import { awaitedModule } from './literal.js';
import { childrenOf, isFunctionLike, type Node, parseWithJsx, unwrap } from './parse.js';
import { resolve } from './scope.js';
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

/** A place at which a cell gives a value to a variable that exists. */
interface Assignment {
  /** The class or function expression on the right side; undefined if there is something else. */
  readonly node: Node | undefined;
  /** True if there is `null`, `undefined`, a number or a text. */
  readonly isPlain: boolean;
  /** The module if there is `await import('module')`. */
  readonly module: string | undefined;
  /** False inside of a function, whose code runs later, perhaps again or not at all. */
  readonly isAtOnce: boolean;
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
  #given: ReadonlyMap<number, Node> | undefined;
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

  /** What this cell assigns to a name: to the variable that it declares itself, or to that of another cell. */
  assignments(name: string): readonly Assignment[] {
    if (!this.source.includes(name)) return [];
    const { references, scope } = this.analysis;
    const target = scope.names.has(name) ? scope : null;
    return references
      .filter((one) => one.kind === 'write' && one.name === name && resolve(one) === target)
      .map(({ start, depth }) => {
        const value = this.#assigned.get(start);
        const isFunction = value !== undefined && isFunctionLike(value);
        return {
          node: isFunction ? value : undefined,
          isPlain: value !== undefined && isPlain(value),
          module: value && awaitedModule(value),
          isAtOnce: depth === 0,
        };
      });
  }

  /** What the cell assigns by `=`, by the place of the name. */
  get #assigned(): ReadonlyMap<number, Node> {
    this.#given ??= assignedIn(this.statements);
    return this.#given;
  }
}

const isPlain = ({ type, name }: Node): boolean =>
  /^(Null|String|Numeric|Boolean|BigInt|Template)Literal$/.test(type) || (type === 'Identifier' && name === 'undefined');

function assignedIn(statements: readonly Node[]): ReadonlyMap<number, Node> {
  const found = new Map<number, Node>();
  const visit = (node: Node): void => {
    if (node.type === 'AssignmentExpression' && node.operator === '=')
      found.set(unwrap(node.left as Node).start, unwrap(node.right as Node));
    for (const child of childrenOf(node)) visit(child);
  };
  for (const statement of statements) visit(statement);
  return found;
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
