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
  /** `readonly` or `keyof`. */
  readonly operator?: SyntaxKind;
  readonly objectType?: TypeNode;
  readonly indexType?: TypeNode & { readonly literal?: { readonly text?: string } };
};

type Declaration = Node & { readonly heritageClauses?: readonly { readonly types: readonly TypeNode[] }[] };

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

  /**
   * The node of a property's type, if the type is the one that the node says: that of a mapped type may be another one.
   * @param owner the node of the type that has the property, such as `Record<'a' | 'b', Tag>`
   */
  ofProperty(symbol: TypeSymbol, type: Type, owner: TypeNode | undefined): TypeNode | undefined {
    return this.checked(itemOf(owner), type) ?? this.checked(declaredType(symbol), type);
  }

  checked(node: TypeNode | undefined, type: Type): TypeNode | undefined {
    if (node === undefined || !NESTED.has(node.kind)) return undefined;
    const own = this.#checker.getTypeFromTypeNode(node as never);
    return own !== undefined && idsOf(own) === idsOf(type) ? node : undefined;
  }

  /** The alias that the node names, if the user has declared it, or the property whose type it takes, such as `User['tag']`. */
  aliasOf(node: TypeNode | undefined): Alias | undefined {
    const plain = unwrapped(node);
    if (plain?.kind === SyntaxKind.IndexedAccessType) return this.#indexed(plain);
    if (plain?.kind !== SyntaxKind.TypeReference || plain.typeName === undefined) return undefined;
    const named = this.#checker.getSymbolAtLocation(plain.typeName);
    const symbol = named !== undefined && named.flags & SymbolFlags.Alias ? this.#checker.getAliasedSymbol(named) : named;
    if (symbol === undefined || !(symbol.flags & SymbolFlags.TypeAlias) || isOfLibrary(symbol)) return undefined;
    return { symbol, node: declaredBy(symbol) };
  }

  #indexed({ objectType, indexType }: TypeNode): Alias | undefined {
    if (indexType?.kind === SyntaxKind.NumberKeyword) return this.aliasOf(itemOf(this.#behind(objectType)));
    const name = indexType?.literal?.text;
    const owner = name === undefined ? undefined : this.#checker.getTypeFromTypeNode(objectType as never);
    const symbol = owner === undefined ? undefined : this.#checker.getPropertyOfType(owner, name as string);
    return symbol?.valueDeclaration === undefined ? undefined : { symbol, node: declaredType(symbol) };
  }

  /** The node that the names before it stand for. */
  #behind(node: TypeNode | undefined): TypeNode | undefined {
    let last = node;
    const seen = new Set<number>();
    for (let alias = this.aliasOf(last); alias !== undefined && !seen.has(alias.symbol.id); alias = this.aliasOf(last)) {
      seen.add(alias.symbol.id);
      last = alias.node;
    }
    return last;
  }

  /** The nodes inside a node that are not found from the properties and items of its type. */
  lostIn(node: TypeNode | undefined): readonly (TypeNode | undefined)[] {
    const plain = unwrapped(node);
    if (plain?.kind === SyntaxKind.IndexedAccessType)
      return this.aliasOf(plain) === undefined ? [this.#behind(plain.objectType)] : [];
    if (plain?.kind === SyntaxKind.IntersectionType) return plain.types ?? [];
    const all = plain?.typeArguments ?? [];
    return itemOf(plain) === undefined ? all : all.slice(0, -1);
  }

  /** The same for the declaration of a type. */
  lostOf(symbol: TypeSymbol): readonly (TypeNode | undefined)[] {
    const declarations = symbol.declarations.map((each) => each.resolve() as Declaration | undefined);
    const bases = declarations.flatMap((each) => each?.heritageClauses ?? []).flatMap(({ types }) => types);
    return [...this.lostIn(declaredBy(symbol)), ...bases.flatMap(({ typeArguments = [] }) => typeArguments)];
  }

  /** The first alias in the nodes that has tags, if its type does not know it. */
  taggedIn(
    nodes: readonly (TypeNode | undefined)[],
    hasTags: (symbol: TypeSymbol) => boolean,
    seen = new Set<number>(),
  ): TypeSymbol | undefined {
    for (const plain of nodes.map(unwrapped)) {
      if (plain === undefined) continue;
      const inner = [
        ...(plain.typeArguments ?? []),
        ...(plain.elements ?? []),
        ...(plain.types ?? []),
        plain.elementType,
        plain.type,
      ];
      const alias = this.aliasOf(plain);
      const isKnown =
        alias !== undefined && this.#checker.getTypeFromTypeNode(plain as never)?.getAliasSymbol()?.id === alias.symbol.id;
      if (alias !== undefined && !isKnown && !seen.has(alias.symbol.id)) {
        if (hasTags(alias.symbol)) return alias.symbol;
        seen.add(alias.symbol.id);
        inner.push(alias.node);
      }
      const found = this.taggedIn(inner, hasTags, seen);
      if (found !== undefined) return found;
    }
    return undefined;
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

const declaredType = (symbol: TypeSymbol): TypeNode | undefined =>
  (symbol.valueDeclaration?.resolve() as TypeNode | undefined)?.type;

/** The node of the items of an array, or of the values of a record. */
export function itemOf(node: TypeNode | undefined): TypeNode | undefined {
  const plain = unwrapped(node);
  if (plain?.kind === SyntaxKind.ArrayType) return plain.elementType;
  if (plain?.kind === SyntaxKind.MappedType) return plain.type;
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
  SyntaxKind.MappedType,
  SyntaxKind.IndexedAccessType,
  SyntaxKind.IntersectionType,
]);

function unwrapped(node: TypeNode | undefined): TypeNode | undefined {
  let plain = node;
  while (plain?.kind === SyntaxKind.ParenthesizedType || plain?.operator === SyntaxKind.ReadonlyKeyword) plain = plain.type;
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
