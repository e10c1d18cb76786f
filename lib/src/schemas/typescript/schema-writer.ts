import {
  type Checker,
  ElementFlags,
  type LiteralType,
  ObjectFlags,
  type ObjectType,
  SignatureKind,
  SymbolFlags,
  type TemplateLiteralType,
  type TupleType,
  type Type,
  TypeFlags,
  type TypeReference,
  type Symbol as TypeSymbol,
} from 'typescript7/unstable/sync';
import { JAVASCRIPT, type JsonSchema, resolved } from '../class-schema.js';
import { NoSchema } from '../errors.js';
import { builtIn } from './built-in-types.js';
import { checksAny, docsOf, fittingIn, type RefuseTag, withDocs } from './doc-tags.js';
import { binaryKind } from './files-in.js';
import { inInstance, isHidden } from './members.js';
import { BIGINT_TEXT, NUMBER_PATTERN, templatePattern } from './template-pattern.js';
import { canBeUndefined, isBuiltIn, isLibrary, isPlainLiteral, tupleOf } from './type-kinds.js';
import { declaredBy, elementOf, itemOf, type TypeNode, TypeNodes } from './type-nodes.js';

/**
 * The limit on nesting: types without a name that contain each other would never end. It is small, because an overflow of the stack inside a callback would
 * break the channel to TypeScript.
 */
const DEEPEST = 32;
/** The number of steps of a path that a message shows. */
const SHOWN_STEPS = 8;

/** `input`: the client sends the value, and the method gets it. `output`: the method returns the value. */
type Direction = 'input' | 'output';

/** Writes types as JSON Schema. A named type becomes a definition, so it may contain itself. */
export class SchemaWriter {
  readonly defs: Record<string, JsonSchema> = {};
  readonly #checker: Checker;
  readonly #nodes: TypeNodes;
  /** Direction and id of a type → its name in `defs`. */
  readonly #names = new Map<string, string>();
  #path: string[] = [];
  #root = '';
  #direction: Direction = 'input';

  constructor(checker: Checker) {
    this.#checker = checker;
    this.#nodes = new TypeNodes(checker);
  }

  /**
   * @param types one type, or several of which the value has one
   * @param where names the type in errors, `Chat.classify, body`
   * @param node the node of a single type, if there is one
   * @throws NBS_NO_SCHEMA
   */
  write(types: readonly Type[], where: string, direction: Direction, node?: TypeNode): JsonSchema {
    this.#root = where;
    this.#path = [];
    this.#direction = direction;
    const [type] = types;
    return type !== undefined && types.length === 1 ? this.#schema(type, this.#nodes.checked(node, type)) : this.#union(types);
  }

  /** Reads the documentation of a symbol. @throws NBS_NO_SCHEMA */
  docs(symbol: TypeSymbol, where = this.#where()): JsonSchema {
    return docsOf(this.#checker, symbol, refuseTag(where));
  }

  #documented(schema: JsonSchema, symbol: TypeSymbol): JsonSchema {
    const docs = this.docs(symbol);
    const types = this.#typesOf(schema);
    // In `{ [K in keyof User]: boolean }`, a property may have tags that were written for another type.
    const isMapped = symbol.flags & SymbolFlags.Property && symbol.valueDeclaration === undefined;
    return withDocs(schema, isMapped ? fittingIn(docs, types) : docs, types, refuseTag(this.#where()));
  }

  /** The JSON types that a schema accepts, or the kind of its bytes; none if it accepts any. */
  #typesOf(schema: JsonSchema): ReadonlySet<string> {
    const whole = resolved(schema, this.defs);
    const kind = binaryKind(whole, this.defs);
    if (kind !== undefined) return new Set([kind]);
    const values = [...((whole.enum as readonly unknown[] | undefined) ?? []), ...('const' in whole ? [whole.const] : [])];
    const members = (whole.anyOf ?? whole.oneOf ?? []) as readonly JsonSchema[];
    const types = Array.isArray(whole.type) ? (whole.type as string[]) : typeof whole.type === 'string' ? [whole.type] : [];
    const own = types.map((type) => (type === 'integer' ? 'number' : type));
    return new Set([...own, ...values.map((value) => typeof value), ...members.flatMap((one) => [...this.#typesOf(one)])]);
  }

  #where(): string {
    return [this.#root, ...this.#path.slice(0, SHOWN_STEPS)].join('');
  }

  #refuse(type: Type, reason: string, remedy: string): never {
    throw NoSchema({ where: this.#where(), type: readable(this.#checker.typeToString(type)), reason, remedy });
  }

  #at(step: string, type: Type, node?: TypeNode): JsonSchema {
    this.#path.push(step);
    try {
      return this.#schema(type, node);
    } finally {
      this.#path.pop();
    }
  }

  /** A tag that would check nothing is refused, because its author relies on it. */
  #refuseLost(type: Type, nodes: readonly (TypeNode | undefined)[], remedy?: string): void {
    if (this.#direction === 'output' || nodes.length === 0 || isBuiltIn(type)) return;
    const lost = this.#nodes.taggedIn(nodes, (symbol) => checksAny(this.docs(symbol)));
    if (lost === undefined) return;
    this.#refuse(type, `loses the tags of ${lost}`, remedy ?? `write ${lost} as the type of the property, or of its items`);
  }

  #refuseMapped(type: Type): void {
    const parts = type.flags & TypeFlags.TemplateLiteral ? (type as TemplateLiteralType).getTypes() : [type];
    if (this.#direction === 'input' && parts.some(({ flags }) => flags & TypeFlags.StringMapping))
      this.#refuse(type, 'is not checked', 'write string, with @pattern above the property or above a type of its own');
  }

  #schema(type: Type, given?: TypeNode): JsonSchema {
    if (type.isErrorType()) this.#refuse(type, 'cannot be found', 'look whether it is imported, and its package installed');
    const node = type.isUnionType() ? given : this.#nodes.memberOf(given, type);
    this.#refuseLost(type, this.#nodes.lostIn(node));
    const alias = this.#nodes.aliasOf(node);
    if (alias !== undefined && this.#nameOf(type)?.id !== alias.symbol.id)
      return this.#documented(this.#schema(type, alias.node), alias.symbol);
    const { flags } = type;
    if (this.#path.length > DEEPEST)
      this.#refuse(type, 'nests without end', 'give the type that holds itself a name: interface Node { … }');
    if (flags & TypeFlags.AnyOrUnknown) return {};
    if (flags & (TypeFlags.Never | TypeFlags.VoidLike)) return { not: {} };
    if (flags & TypeFlags.Null) return { type: 'null' };
    if (flags & TypeFlags.BigIntLike) return bigInt(type);
    if (flags & TypeFlags.Literal) return { const: (type as LiteralType).value };
    if (flags & TypeFlags.Boolean) return { type: 'boolean' };
    this.#refuseMapped(type);
    if (flags & TypeFlags.TemplateLiteral)
      return { type: 'string', pattern: `^${templatePattern(type as TemplateLiteralType)}$` };
    if (flags & (TypeFlags.String | TypeFlags.StringMapping)) return { type: 'string' };
    if (flags & TypeFlags.Number) return { type: 'number' };
    if (flags & TypeFlags.ESSymbolLike) this.#refuse(type, 'has no JSON form', 'leave it out');
    if (flags & TypeFlags.NonPrimitive) return { type: ['object', 'array'] };
    if (flags & TypeFlags.Instantiable) return this.#parameter(type);
    const symbol = this.#nameOf(type);
    return symbol === undefined ? this.#structure(type, node) : this.#named(type, symbol);
  }

  /** A type parameter without a known type argument. */
  #parameter(type: Type): JsonSchema {
    const bound = this.#checker.getBaseConstraintOfType(type);
    if (bound === undefined || bound.id === type.id || bound.flags & TypeFlags.AnyOrUnknown)
      this.#refuse(type, 'is a type parameter', 'extend the class with the type in its place, or write the type itself');
    return this.#schema(bound);
  }

  /** The symbol that gives the type its name, if the user has declared it. */
  #nameOf(type: Type): TypeSymbol | undefined {
    const alias = type.getAliasSymbol();
    const flags = type.flags & TypeFlags.Object ? (type as ObjectType).objectFlags : 0;
    const symbol = alias ?? (flags & (ObjectFlags.ClassOrInterface | ObjectFlags.Reference) ? type.getSymbol() : undefined);
    if (symbol === undefined || symbol.name.startsWith('__') || symbol.name === 'default' || type.isTupleType()) return undefined;
    return isLibrary(symbol) || isBuiltIn(type) ? undefined : symbol;
  }

  #named(type: Type, symbol: TypeSymbol): JsonSchema {
    const key = `${this.#direction} ${type.id}`;
    const known = this.#names.get(key);
    if (known !== undefined) return { $ref: `#/$defs/${known}` };
    this.#refuseLost(type, this.#nodes.lostOf(symbol));
    const name = this.#freeName(type, symbol);
    this.#names.set(key, name);
    this.defs[name] = {};
    // The definition's name is known now, so the types inside it can refer to it.
    this.defs[name] = this.#documented(this.#structure(type, declaredBy(symbol)), symbol);
    return { $ref: `#/$defs/${name}` };
  }

  #freeName(type: Type, symbol: TypeSymbol): string {
    const text = readable(this.#checker.typeToString(type))
      .replace(/[^A-Za-z0-9._-]+/g, '_')
      .replace(/^_+|_+$/g, '');
    const plain = symbol.name.replace(/[^A-Za-z0-9._-]+/g, '') || 'Type';
    const base = text === '' || text.length > 60 || text.includes('...') ? plain : text;
    let name = base;
    for (let n = 2; name in this.defs; n += 1) name = `${base}_${n}`;
    return name;
  }

  #structure(type: Type, given?: TypeNode): JsonSchema {
    const node = this.#nodes.shape(given);
    if (type.isUnionType()) return this.#union(type.getTypes(), node);
    if (type.isIntersectionType()) {
      // A branded type, such as `string & { readonly brand: … }`, is its primitive type in JSON.
      const primitive = type.getTypes().find((part) => part.flags & TypeFlags.Primitive);
      return primitive === undefined ? this.#object(type, node) : this.#schema(primitive);
    }
    const tuple = tupleOf(type);
    if (tuple !== undefined) return this.#tuple(type as TypeReference, tuple, node);
    if (this.#checker.isArrayType(type)) {
      const [item] = this.#checker.getTypeArguments(type as TypeReference);
      return { type: 'array', items: item === undefined ? {} : this.#at('[]', item, itemOf(node)) };
    }
    const symbol = type.getSymbol();
    const known = symbol !== undefined && isBuiltIn(type) ? builtIn(symbol.name) : undefined;
    if (known !== undefined) return 'schema' in known ? known.schema : this.#refuse(type, known.refused, known.remedy);
    return this.#jsonOf(type) ?? this.#object(type, node);
  }

  /** The schema of what the type's method `toJSON` returns, if it has one. */
  #jsonOf(type: Type): JsonSchema | undefined {
    const method = this.#checker.getPropertyOfType(type, 'toJSON');
    const own = method === undefined ? undefined : this.#checker.getTypeOfSymbol(method);
    const [call] = own === undefined ? [] : this.#checker.getSignaturesOfType(own, SignatureKind.Call);
    if (call === undefined) return undefined;
    if (this.#direction === 'input')
      this.#refuse(type, 'is made by its class', 'write an object type, and make the object in the method');
    const result = this.#checker.getReturnTypeOfSignature(call);
    return result === undefined || result.id === type.id ? undefined : this.#at('.toJSON()', result);
  }

  #union(members: readonly Type[], node?: TypeNode): JsonSchema {
    const types = members.filter((type) => !(type.flags & TypeFlags.VoidLike));
    const others = types.filter((type) => !isPlainLiteral(type));
    let literals = types.filter(isPlainLiteral).map((type) => (type as LiteralType).value);
    const isBoolean = literals.includes(true) && literals.includes(false);
    if (isBoolean) literals = literals.filter((value) => typeof value !== 'boolean');
    const parts: JsonSchema[] = literals.length > 1 ? [{ enum: literals }] : literals.map((value) => ({ const: value }));
    for (const type of others) parts.push(this.#schema(type, this.#nodes.memberOf(node, type)));
    if (isBoolean) parts.push({ type: 'boolean' });
    const [first = { not: {} }] = parts;
    if (parts.length <= 1) return first;
    if (parts.every((part) => Object.keys(part).length === 1 && typeof part.type === 'string'))
      return { type: [...new Set(parts.map((part) => part.type))] };
    const tag = others.length === parts.length ? this.#tag(others, parts) : undefined;
    if (tag === undefined) return { anyOf: parts };
    return { type: 'object', oneOf: parts, required: [tag], discriminator: { propertyName: tag } };
  }

  /** The property that has a different text in each member, if all members are definitions; a `discriminator` allows only definitions. */
  #tag(types: readonly Type[], parts: readonly JsonSchema[]): string | undefined {
    const [first] = types;
    if (first === undefined || !parts.every((part) => typeof part.$ref === 'string')) return undefined;
    if (!types.every((type) => type.flags & (TypeFlags.Object | TypeFlags.Intersection))) return undefined;
    const valueIn = (type: Type, name: string): unknown => {
      const property = this.#checker.getPropertyOfType(type, name);
      if (property === undefined || property.flags & SymbolFlags.Optional) return undefined;
      const own = this.#checker.getTypeOfSymbol(property);
      return own !== undefined && own.flags & TypeFlags.StringLiteral ? (own as LiteralType).value : undefined;
    };
    const names = this.#checker.getPropertiesOfType(first).map(({ name }) => name);
    return names.find((name) => {
      const values = types.map((type) => valueIn(type, name));
      return !values.includes(undefined) && new Set(values).size === types.length;
    });
  }

  #tuple(type: TypeReference, { elementFlags }: TupleType, node?: TypeNode): JsonSchema {
    const all = this.#checker.getTypeArguments(type).slice(0, elementFlags.length);
    const items = all.map((item, i) => this.#at(`[${i}]`, item, elementOf(node, i)));
    const rest = elementFlags.findIndex((flag) => flag & ElementFlags.Variable);
    if (rest >= 0 && rest < elementFlags.length - 1)
      this.#refuse(type, 'has its rest before its end', 'write an array, or put the rest last');
    const minItems = elementFlags.filter((flag) => flag & ElementFlags.Required).length;
    if (rest < 0) return { type: 'array', prefixItems: items, items: false, minItems, maxItems: items.length };
    return { type: 'array', ...(rest === 0 ? {} : { prefixItems: items.slice(0, rest) }), items: items[rest], minItems };
  }

  #object(type: Type, node?: TypeNode): JsonSchema {
    if (
      this.#checker.getSignaturesOfType(type, SignatureKind.Call).length > 0 ||
      this.#checker.getSignaturesOfType(type, SignatureKind.Construct).length > 0
    )
      this.#refuse(type, 'is a function', 'leave it out');
    const symbols = this.#checker.getPropertiesOfType(type).filter((property) => this.#isData(property, type));
    const types = symbols.length === 0 ? [] : this.#checker.getTypeOfSymbol(symbols);
    const properties: [string, JsonSchema][] = [];
    const required: string[] = [];
    symbols.forEach((symbol, i) => {
      const own = types[i];
      if (own === undefined) return;
      const isOptional = symbol.flags & SymbolFlags.Optional || canBeUndefined(own);
      if (!isOptional) required.push(symbol.name);
      this.#path.push(`.${symbol.name}`);
      try {
        properties.push([symbol.name, this.#documented(this.#schema(own, this.#nodes.ofProperty(symbol, own, node)), symbol)]);
      } finally {
        this.#path.pop();
      }
    });
    return {
      type: 'object',
      ...(properties.length === 0 ? {} : { properties: Object.fromEntries(properties) }),
      ...(required.length === 0 ? {} : { required }),
      ...this.#indexes(type, properties.length > 0, node),
    };
  }

  #isData(property: TypeSymbol, type: Type): boolean {
    // Symbols and private names cannot be keys in JSON.
    if (/^(__[@#]|#)/.test(property.name) || property.flags & SymbolFlags.Prototype || isHidden(property, type)) return false;
    if (!(property.flags & SymbolFlags.Method)) return true;
    if (this.#direction === 'output' && inInstance(type)) return false;
    this.#path.push(`.${property.name}`);
    return this.#refuse(type, 'has a method, which has no JSON form', 'write an object type without it');
  }

  /** @param hasNames whether the type also has properties with names */
  #indexes(type: Type, hasNames: boolean, node?: TypeNode): JsonSchema {
    let others: JsonSchema | undefined;
    const patterns: [string, JsonSchema][] = [];
    const infos = this.#checker.getIndexInfosOfType(type);
    for (const info of infos) {
      const { keyType, valueType } = info;
      this.#refuseMapped(keyType);
      const [key, value] = this.#nodes.ofIndex(info, node);
      this.#refuseLost(type, [key], KEYS);
      const schema = this.#at('[…]', valueType, value);
      if (keyType.flags & TypeFlags.TemplateLiteral)
        patterns.push([`^${templatePattern(keyType as TemplateLiteralType)}$`, schema]);
      else if (keyType.flags & TypeFlags.Number) patterns.push([`^${NUMBER_PATTERN}$`, schema]);
      else if (keyType.flags & TypeFlags.String) others = schema;
    }
    // A record of numbers has no other keys.
    const isOfNumbers = !hasNames && infos.length === 1 && infos[0] !== undefined && infos[0].keyType.flags & TypeFlags.Number;
    return {
      ...(others === undefined ? (isOfNumbers ? { additionalProperties: false } : {}) : { additionalProperties: others }),
      ...(patterns.length === 0 ? {} : { patternProperties: Object.fromEntries(patterns) }),
    };
  }
}

const KEYS = 'write string as the type of the keys, which are not checked';

const refuseTag =
  (where: string): RefuseTag =>
  (tag, why) => {
    throw NoSchema({ where, type: tag, reason: 'says nothing', remedy: why });
  };

/** Removes the names of cells' modules and of files, which mean nothing to a reader. */
const readable = (text: string): string => text.replace(/import\([^)]*\)\./g, '').replace(/__nbs\.[ct]\d+\.?/g, '');

function bigInt(type: Type): JsonSchema {
  const exact = type.flags & TypeFlags.BigIntLiteral ? { const: String((type as LiteralType).value) } : BIGINT_TEXT;
  return { type: 'string', ...exact, [JAVASCRIPT]: 'bigint' };
}
