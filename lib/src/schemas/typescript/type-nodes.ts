import { type Node, SyntaxKind } from 'typescript7/unstable/ast';
import {
  type Checker,
  type IndexInfo,
  SymbolFlags,
  type Type,
  TypeFlags,
  type Symbol as TypeSymbol,
} from 'typescript7/unstable/sync';
import { isOfLibrary } from './library-types.js';
import { tupleOf } from './type-kinds.js';

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
  /** That of `{ [K in Keys]: … }`. */
  readonly typeParameter?: { readonly constraint?: TypeNode };
  /** Those of an index signature. */
  readonly parameters?: readonly TypeNode[];
};

type Declaration = Node & {
  readonly heritageClauses?: readonly { readonly token: SyntaxKind; readonly types: readonly TypeNode[] }[];
  readonly members?: readonly { readonly name?: { readonly text?: string } }[];
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

  /**
   * The node of a property's type, if the type is the one that the node says: that of a mapped type may be another one.
   * @param owner the node of the type that has the property, such as `Record<'a' | 'b', Tag>`
   */
  ofProperty(symbol: TypeSymbol, type: Type, owner: TypeNode | undefined): TypeNode | undefined {
    const item = itemOf(owner);
    // The `string` in `{ [K in keyof User]: string }` has no tags, even if the property of `User` has some.
    return item !== undefined && this.#isOf(item, type) ? nested(item) : this.checked(declaredType(symbol), type);
  }

  /** The nodes of the keys and of the values of an index signature. */
  ofIndex({ keyType, valueType, declaration }: IndexInfo, owner: TypeNode | undefined): readonly (TypeNode | undefined)[] {
    const ownerType =
      declaration === undefined && owner !== undefined && keyOf(owner) === undefined ? this.#typeOf(owner) : undefined;
    const infos = ownerType === undefined ? [] : this.#checker.getIndexInfosOfType(ownerType);
    const declared = declaration ?? infos.find((info) => info.keyType.id === keyType.id)?.declaration;
    const own = declared?.resolve() as TypeNode | undefined;
    const [key, value] = own === undefined ? [keyOf(owner), itemOf(owner)] : [own.parameters?.[0]?.type, own.type];
    return [key, this.checked(value, valueType)];
  }

  checked(node: TypeNode | undefined, type: Type): TypeNode | undefined {
    return nested(node) !== undefined && this.#isOf(node, type) ? node : undefined;
  }

  #typeOf(node: TypeNode | undefined): Type | undefined {
    return node === undefined ? undefined : this.#checker.getTypeFromTypeNode(node as never);
  }

  #isOf(node: TypeNode | undefined, type: Type): boolean {
    const own = this.#typeOf(node);
    return own !== undefined && idsOf(own) === idsOf(type);
  }

  /** The alias that the node names, if the user has declared it, or the property whose type it takes, such as `User['tag']`. */
  aliasOf(node: TypeNode | undefined): Alias | undefined {
    const plain = unwrapped(node);
    if (plain?.kind === SyntaxKind.IndexedAccessType) return this.#indexed(plain);
    const changed = this.#changed(plain);
    if (changed !== undefined) {
      const inner = this.aliasOf(changed);
      const type = this.#typeOf(changed);
      const isList = type !== undefined && (this.#checker.isArrayType(type) || tupleOf(type) !== undefined);
      // `Partial<User>` is no `User`, but `Readonly<Tags>` are tags.
      return inner === undefined || isList || !this.#isKnown(changed, inner) ? inner : undefined;
    }
    const symbol = this.#symbolOf(plain);
    if (symbol === undefined || !(symbol.flags & SymbolFlags.TypeAlias) || isOfLibrary(symbol)) return undefined;
    return { symbol, node: declaredBy(symbol) };
  }

  #symbolOf(plain: TypeNode | undefined): TypeSymbol | undefined {
    if (plain?.kind !== SyntaxKind.TypeReference || plain.typeName === undefined) return undefined;
    const named = this.#checker.getSymbolAtLocation(plain.typeName);
    return named !== undefined && named.flags & SymbolFlags.Alias ? this.#checker.getAliasedSymbol(named) : named;
  }

  /** True if the type of the node knows that it has the alias's name. */
  #isKnown(node: TypeNode, alias: Alias): boolean {
    return this.#typeOf(node)?.getAliasSymbol()?.id === alias.symbol.id;
  }

  #indexed(plain: TypeNode): Alias | undefined {
    const { objectType, indexType } = plain;
    if (indexType?.kind === SyntaxKind.NumberKeyword) return this.aliasOf(itemOf(this.shape(this.#behind(objectType))));
    const name = indexType?.literal?.text;
    const owner = name === undefined ? undefined : this.#typeOf(objectType);
    // A type parameter has the properties of its constraint, whose tags are not those of the type argument.
    if (name === undefined || owner === undefined || isGeneric(owner)) return undefined;
    const symbol = this.#checker.getPropertyOfType(owner, name);
    const type = this.#typeOf(plain);
    if (symbol === undefined || symbol.declarations.length === 0 || type === undefined) return undefined;
    return { symbol, node: this.checked(declaredType(symbol), type) };
  }

  /** The first argument of `Partial` and the like: their properties have the types of its properties. */
  #changed(node: TypeNode | undefined): TypeNode | undefined {
    const plain = unwrapped(node);
    if (plain?.typeName === undefined || !CHANGED.has(plain.typeName.text ?? '')) return undefined;
    return isOfLibrary(this.#symbolOf(plain)) ? plain.typeArguments?.[0] : undefined;
  }

  /** The node without `Partial` and the like. */
  shape(node: TypeNode | undefined): TypeNode | undefined {
    let last = node;
    // A type with an error may contain itself.
    for (let i = 0; i < DEEPEST; i += 1) {
      const changed = this.#changed(last);
      if (changed === undefined) return last;
      last = this.#behind(changed);
    }
    return undefined;
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
  lostIn(node: TypeNode | undefined, seen = new Set<number>()): readonly (TypeNode | undefined)[] {
    const plain = unwrapped(node);
    const changed = this.#changed(plain);
    if (changed !== undefined) {
      const symbol = this.#symbolOf(unwrapped(changed));
      const isNew = symbol !== undefined && !seen.has(symbol.id) && !isOfLibrary(symbol);
      if (isNew) seen.add(symbol.id);
      return [...this.lostIn(changed, seen), ...(isNew ? this.lostOf(symbol, seen) : [])];
    }
    if (plain?.kind === SyntaxKind.IndexedAccessType)
      return this.aliasOf(plain) === undefined ? [this.#behind(plain.objectType)] : [];
    if (plain?.kind === SyntaxKind.IntersectionType) return plain.types ?? [];
    return itemOf(plain) === undefined ? (plain?.typeArguments ?? []) : [];
  }

  /** The same for the declaration of a type. */
  lostOf(symbol: TypeSymbol, seen = new Set<number>()): readonly (TypeNode | undefined)[] {
    const declarations = symbol.declarations.map((each) => each.resolve() as Declaration | undefined);
    const own = new Set(declarations.flatMap((each) => each?.members ?? []).map(({ name }) => name?.text));
    // `implements` gives a class no members.
    const bases = declarations
      .flatMap((each) => each?.heritageClauses ?? [])
      .filter(({ token }) => token === SyntaxKind.ExtendsKeyword)
      .flatMap(({ types }) => types)
      .filter((base) => base.typeArguments !== undefined && !this.#isReplaced(base, own));
    return [...this.lostIn(declaredBy(symbol), seen), ...bases.flatMap(({ typeArguments = [] }) => typeArguments)];
  }

  /** True if the type that has the base declares all that the base has. */
  #isReplaced(base: TypeNode, own: ReadonlySet<string | undefined>): boolean {
    const type = this.#typeOf(base);
    if (type === undefined || type.isErrorType() || this.#checker.getIndexInfosOfType(type).length > 0) return false;
    return this.#checker.getPropertiesOfType(type).every(({ name }) => own.has(name));
  }

  /** The name of the first alias in the nodes that has tags, if its type does not know it. */
  taggedIn(
    nodes: readonly (TypeNode | undefined)[],
    hasTags: (symbol: TypeSymbol) => boolean,
    seen = new Set<number>(),
  ): string | undefined {
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
      if (alias !== undefined && !this.#isKnown(plain, alias) && !seen.has(alias.symbol.id)) {
        if (hasTags(alias.symbol)) return plain.kind === SyntaxKind.IndexedAccessType ? plain.getText() : alias.symbol.name;
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
    const same = own.filter((one) => this.#typeOf(one)?.id === type.id);
    return same.length === 1 ? same[0] : undefined;
  }
}

/** The node of what an alias stands for. */
export const declaredBy = (symbol: TypeSymbol): TypeNode | undefined =>
  (symbol.declarations.find(({ kind }) => kind === SyntaxKind.TypeAliasDeclaration)?.resolve() as TypeNode | undefined)?.type;

/** The declaration of a property. In a mapped type such as `Partial<User>`, it is that of `User`. */
export const declarationOf = (symbol: TypeSymbol): Node | undefined =>
  (symbol.valueDeclaration ?? symbol.declarations[0])?.resolve();

const declaredType = (symbol: TypeSymbol): TypeNode | undefined => (declarationOf(symbol) as TypeNode | undefined)?.type;

/** The node of the items of an array, or of the values of a record. */
export function itemOf(node: TypeNode | undefined): TypeNode | undefined {
  const plain = unwrapped(node);
  if (plain?.kind === SyntaxKind.ArrayType) return plain.elementType;
  if (plain?.kind === SyntaxKind.MappedType) return plain.type;
  const name = plain?.typeName?.text;
  if (name === 'Array' || name === 'ReadonlyArray') return plain?.typeArguments?.[0];
  return name === 'Record' ? plain?.typeArguments?.[1] : undefined;
}

/** The node of the keys of a record. */
function keyOf(node: TypeNode | undefined): TypeNode | undefined {
  const plain = unwrapped(node);
  if (plain?.kind === SyntaxKind.MappedType) return plain.typeParameter?.constraint;
  return plain?.typeName?.text === 'Record' ? plain.typeArguments?.[0] : undefined;
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

const nested = (node: TypeNode | undefined): TypeNode | undefined =>
  node !== undefined && NESTED.has(node.kind) ? node : undefined;

/** Types of the library that leave the types of the properties and items as they are. */
const CHANGED = new Set(['Readonly', 'Partial', 'Required', 'Pick', 'Omit']);
/** Types of the library that stand for some members of a union. */
const MEMBERS = new Set(['NonNullable', 'Exclude', 'Extract']);
const DEEPEST = 32;

function unwrapped(node: TypeNode | undefined): TypeNode | undefined {
  let plain = node;
  for (;;) {
    if (plain?.kind === SyntaxKind.ParenthesizedType || plain?.operator === SyntaxKind.ReadonlyKeyword) plain = plain.type;
    else if (MEMBERS.has(plain?.typeName?.text ?? '')) plain = plain?.typeArguments?.[0];
    else return plain;
  }
}

/** True for a type parameter, and for what is made of one. */
const isGeneric = (type: Type): boolean =>
  type.isIntersectionType() ? type.getTypes().some(isGeneric) : Boolean(type.flags & TypeFlags.Instantiable);

/** The ids of a type's members without `undefined`. */
function idsOf(type: Type): string {
  const types = type.isUnionType() ? type.getTypes() : [type];
  return types
    .filter(({ flags }) => !(flags & TypeFlags.VoidLike))
    .map(({ id }) => id)
    .sort((a, b) => a - b)
    .join();
}
