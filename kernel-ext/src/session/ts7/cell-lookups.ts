import type { Reference } from 'nbserve/analysis';
import { children, isNode, type SyntaxNode } from '../syntax.js';

/** A use of another cell's name that happens once, when the cell runs. Names inside functions are looked up each time the function runs. */
export interface Lookup {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  /** The use is a shorthand property: `{ x }`. */
  readonly shorthand: boolean;
  /** The use is in a part of a class, an enum or a namespace, for example in a static member. */
  readonly isPart: boolean;
}

export interface Lookups {
  readonly once: readonly Lookup[];
  /** Names that are looked up repeatedly: in functions, and in the types of functions, classes and variables. */
  readonly again: ReadonlySet<string>;
}

/** Nodes whose code runs, or whose type applies, each time they are used. */
const LATE =
  /^(Function|ArrowFunction|ObjectMethod|Class(Private)?Method|TSDeclare|TSInterface|TSTypeAlias|TSAbstract)|^ClassAccessorProperty$|^TS(FunctionType|MethodSignature|CallSignature\w*)$/;

const FUNCTION = /^(Function|ArrowFunction|ObjectMethod|Class)/;

/**
 * Finds when a cell looks up the names of other cells.
 * @param free uses of names that the cell does not declare, without those in types
 * @param isDynamic true if reading a property may run code; then all types are types of code
 */
export function lookups(program: SyntaxNode, free: readonly Reference[], isDynamic: boolean): Lookups {
  const types = new TypeUses();
  types.visit(program, isDynamic, false);
  const once: Lookup[] = [];
  const again = new Set<string>();
  for (const use of types.found) {
    if (types.own.has(use.name)) continue;
    if (use.isLate) again.add(use.name);
    else once.push({ ...use, shorthand: false });
  }
  for (const { name, start, end, shorthand, depth } of free) {
    if (depth > 0) again.add(name);
    else once.push({ name, start, end, shorthand, isPart: types.parts.some((part) => part.start <= start && end <= part.end) });
  }
  return { once, again };
}

interface TypeUse {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly isLate: boolean;
  readonly isPart: boolean;
}

/** Collects the names that are used in types. */
class TypeUses {
  readonly found: TypeUse[] = [];
  /** Names of type parameters. */
  readonly own = new Set<string>();
  /** Code that makes a part of a class, an enum or a namespace when the cell runs. */
  readonly parts: SyntaxNode[] = [];

  visit(node: SyntaxNode, isLate: boolean, isPart: boolean): void {
    switch (node.type) {
      case 'TSTypeReference':
        this.#use(node.typeName, isLate, isPart);
        break;
      case 'TSTypeQuery':
        this.#use(node.exprName, isLate, isPart);
        break;
      case 'TSExpressionWithTypeArguments':
      case 'TSClassImplements':
      case 'TSInterfaceHeritage':
        this.#use(node.expression, isLate, isPart);
        break;
      case 'TSTypeParameter': {
        const name = isNode(node.name) ? node.name.name : node.name;
        if (typeof name === 'string') this.own.add(name);
        break;
      }
      case 'TSMappedType':
        if (typeof node.key === 'string') this.own.add(node.key);
        else if (isNode(node.key)) this.own.add(node.key.name as string);
        break;
      case 'VariableDeclaration':
        for (const declarator of node.declarations as SyntaxNode[])
          this.#variable(node.kind as string, declarator, isLate, isPart);
        return;
    }
    const makesPart =
      /^(StaticBlock|TSEnumDeclaration|TSModuleBlock)$/.test(node.type) ||
      (/^Class(Private)?Property$/.test(node.type) && node.static === true);
    if (makesPart && !isLate) this.parts.push(node);
    const isField = /^Class(Private)?Property$/.test(node.type) && node.static !== true;
    // What a proxy gives is made by its functions.
    const isProxy = node.type === 'NewExpression' && (node.callee as SyntaxNode).name === 'Proxy';
    const late = isLate || isField || isProxy || LATE.test(node.type);
    for (const child of children(node)) this.visit(child, late || isTypeOfCode(node, child), isPart || makesPart);
  }

  /** The type of a constant is looked up once. If functions may give it new values, or if its value is still empty, it is looked up repeatedly. */
  #variable(kind: string, { id, init }: SyntaxNode, isLate: boolean, isPart: boolean): void {
    if (isNode(id)) {
      const isFixed = kind !== 'let' && kind !== 'var' && isData(init);
      this.visit(id, isLate || !isFixed, isPart);
    }
    if (isNode(init)) this.visit(init, isLate, isPart);
  }

  #use(entity: unknown, isLate: boolean, isPart: boolean): void {
    let node = entity;
    while (isNode(node) && node.type !== 'Identifier') node = node.left ?? node.object;
    if (!isNode(node)) return;
    const name = node.name as string;
    this.found.push({ name, start: node.start, end: node.start + name.length, isLate, isPart });
  }
}

/** Type arguments of a base class or of a constructor are types of code: in `new Bus<() => A>()` and `class B extends Bus<A> {}`, of the methods of `Bus`. */
function isTypeOfCode(node: SyntaxNode, child: SyntaxNode): boolean {
  if (child !== node.superTypeParameters && child !== node.typeParameters) return false;
  return /^Class/.test(node.type) || (node.type === 'NewExpression' && !isCollection(node));
}

/** `new Map(…)` and the like only hold values. */
export const isCollection = ({ type, callee }: SyntaxNode): boolean =>
  type === 'NewExpression' && /^(Weak)?(Map|Set)$|^Array$/.test(String((callee as SyntaxNode).name));

/** Tells whether an expression is plain data: it is not empty, holds no function, and was not returned by one. */
export function isData(init: unknown): boolean {
  return (
    isNode(init) && !isEmpty(init) && !/^(Identifier|ThisExpression)$/.test(init.type) && !holdsFunction(init) && !calls(init)
  );
}

function calls(node: SyntaxNode): boolean {
  if (/^(Optional)?(Call|Member)Expression$|^(Tagged|Await|Yield|Import)/.test(node.type)) return true;
  for (const child of children(node)) if (calls(child)) return true;
  return false;
}

/** Tells whether an expression contains a function or a class. */
export function holdsFunction(node: SyntaxNode): boolean {
  if (FUNCTION.test(node.type)) return true;
  for (const child of children(node)) if (holdsFunction(child)) return true;
  return false;
}

/** True for `undefined`, `null`, `[]`, `{}` and `new Map()`: the value contains nothing of the type that the variable declares. */
export function isEmpty(init: unknown): boolean {
  if (!isNode(init)) return true;
  switch (init.type) {
    case 'NullLiteral':
      return true;
    case 'Identifier':
      return init.name === 'undefined';
    case 'ArrayExpression':
      return (init.elements as unknown[]).length === 0;
    case 'ObjectExpression':
      return (init.properties as unknown[]).length === 0;
    case 'NewExpression':
      return (init.arguments as unknown[]).length === 0 && isCollection(init);
    default:
      return false;
  }
}
