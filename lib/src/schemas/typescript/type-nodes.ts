import { type Node, SyntaxKind } from 'typescript7/unstable/ast';
import { type Checker, SymbolFlags, type Type, TypeFlags, type Symbol as TypeSymbol } from 'typescript7/unstable/sync';
import { isOfLibrary } from './library-types.js';

/** The parts of a node of a type that are used here. */
export type TypeNode = Node & {
  readonly type?: TypeNode;
  readonly elementType?: TypeNode;
  readonly elements?: readonly TypeNode[];
  readonly types?: readonly TypeNode[];
  readonly typeName?: Node & { readonly text?: string };
  readonly typeArguments?: readonly TypeNode[];
};

export interface Alias {
  readonly symbol: TypeSymbol;
  /** The type behind the `=`. */
  readonly node: TypeNode | undefined;
}

/** The nodes with which types are written. The type of `type Tag = string` does not know that it is a `Tag`, but the node does, and so the comment is found. */
export class TypeNodes {
  readonly #checker: Checker;

  constructor(checker: Checker) {
    this.#checker = checker;
  }

  /** The node of a symbol's type, if the type is the one that the node says: that of a mapped type may be another one. */
  ofSymbol(symbol: TypeSymbol, type: Type): TypeNode | undefined {
    return this.checked((symbol.valueDeclaration?.resolve() as TypeNode | undefined)?.type, type);
  }

  checked(node: TypeNode | undefined, type: Type): TypeNode | undefined {
    if (node === undefined || !NESTED.has(node.kind)) return undefined;
    const own = this.#checker.getTypeFromTypeNode(node as never);
    return own !== undefined && idsOf(own) === idsOf(type) ? node : undefined;
  }

  /** The alias that the node names, if the user has declared it. */
  aliasOf(node: TypeNode | undefined): Alias | undefined {
    const plain = unwrapped(node);
    if (plain?.kind !== SyntaxKind.TypeReference || plain.typeName === undefined) return undefined;
    const named = this.#checker.getSymbolAtLocation(plain.typeName);
    const symbol = named !== undefined && named.flags & SymbolFlags.Alias ? this.#checker.getAliasedSymbol(named) : named;
    if (symbol === undefined || !(symbol.flags & SymbolFlags.TypeAlias) || isOfLibrary(symbol)) return undefined;
    return { symbol, node: declaredBy(symbol) };
  }

  /** The node of the member of a union. */
  memberOf(node: TypeNode | undefined, type: Type): TypeNode | undefined {
    const plain = unwrapped(node);
    if (plain?.kind !== SyntaxKind.UnionType) return plain;
    const own = plain.types?.filter((one) => NESTED.has(one.kind)) ?? [];
    const same = own.filter((one) => this.#checker.getTypeFromTypeNode(one as never)?.id === type.id);
    return same.length === 1 ? same[0] : undefined;
  }
}

/** The node of what an alias stands for. */
export const declaredBy = (symbol: TypeSymbol): TypeNode | undefined =>
  (symbol.declarations.find(({ kind }) => kind === SyntaxKind.TypeAliasDeclaration)?.resolve() as TypeNode | undefined)?.type;

/** The node of the items of an array, or of the values of a record. */
export function itemOf(node: TypeNode | undefined): TypeNode | undefined {
  const plain = unwrapped(node);
  if (plain?.kind === SyntaxKind.ArrayType) return plain.elementType;
  const name = plain?.typeName?.text;
  if (name === 'Array' || name === 'ReadonlyArray') return plain?.typeArguments?.[0];
  return name === 'Record' ? plain?.typeArguments?.[1] : undefined;
}

/** The node of the n-th element of a tuple. */
export function elementOf(node: TypeNode | undefined, n: number): TypeNode | undefined {
  const element = unwrapped(node)?.elements?.[n];
  const isNamed = element?.kind === SyntaxKind.NamedTupleMember;
  const isPart = element?.kind === SyntaxKind.OptionalType || element?.kind === SyntaxKind.RestType;
  const own = isNamed || isPart ? element?.type : element;
  return element?.kind === SyntaxKind.RestType ? itemOf(own) : own;
}

/** The kinds of nodes that can have the name of an alias in them. */
const NESTED = new Set([
  SyntaxKind.TypeReference,
  SyntaxKind.ArrayType,
  SyntaxKind.TupleType,
  SyntaxKind.UnionType,
  SyntaxKind.ParenthesizedType,
  SyntaxKind.TypeOperator,
]);

function unwrapped(node: TypeNode | undefined): TypeNode | undefined {
  let plain = node;
  while (plain?.kind === SyntaxKind.ParenthesizedType || plain?.kind === SyntaxKind.TypeOperator) plain = plain.type;
  return plain;
}

/** The ids of a type's members without `undefined`. */
function idsOf(type: Type): string {
  const types = type.isUnionType() ? type.getTypes() : [type];
  return types
    .filter(({ flags }) => !(flags & TypeFlags.VoidLike))
    .map(({ id }) => id)
    .sort((a, b) => a - b)
    .join();
}
