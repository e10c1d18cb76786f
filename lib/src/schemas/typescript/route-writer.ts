import type { Node } from 'typescript7/unstable/ast';
import {
  type Checker,
  SignatureKind,
  SymbolFlags,
  type Type,
  TypeFlags,
  type TypeReference,
  type Symbol as TypeSymbol,
} from 'typescript7/unstable/sync';
import type { BodySchema, JsonSchema, ParamSchema, RouteArgument, RouteSchema } from '../class-schema.js';
import { isBytes, resolved } from '../class-schema.js';
import { NoSchema } from '../errors.js';
import type { RouteNote } from '../route-notes.js';
import { parametersOf } from '../route-path.js';
import type { RoutedClass } from './describe-class.js';
import { holdsFile, isFile, isFileField } from './files-in.js';
import { isOfLibrary } from './library-types.js';
import { resultOf } from './result-writer.js';
import type { SchemaWriter } from './schema-writer.js';
import { isTextual } from './textual.js';
import { canBeUndefined } from './type-kinds.js';
import { itemOf, type TypeNode } from './type-nodes.js';

interface Parameter {
  readonly name: string;
  readonly type: Type;
  readonly isOptional: boolean;
  readonly isRequest: boolean;
  /** The node of its type. */
  readonly node: TypeNode | undefined;
}

/** The parts of a parameter's declaration that are used here. */
type ParameterNode = Node & {
  readonly initializer?: Node;
  readonly questionToken?: Node;
  readonly dotDotDotToken?: Node;
  readonly type?: TypeNode;
};

/** Describes one route: the parameters of its method, by the convention of its verb, and its result. */
export class RouteWriter {
  readonly #checker: Checker;
  readonly #writer: SchemaWriter;
  readonly #routed: RoutedClass;

  constructor(checker: Checker, writer: SchemaWriter, routed: RoutedClass) {
    this.#checker = checker;
    this.#writer = writer;
    this.#routed = routed;
  }

  /** @throws NBS_NO_SCHEMA */
  write(note: RouteNote, method: TypeSymbol): RouteSchema {
    const { verb, path } = note;
    const where = `${this.#routed.className}.${note.method}`;
    const isBatched = this.#routed.batched.has(note.method);
    const type = this.#checker.getTypeOfSymbol(method);
    const signatures = type === undefined ? [] : this.#checker.getSignaturesOfType(type, SignatureKind.Call);
    const [signature] = signatures;
    if (signature === undefined || signatures.length > 1)
      refuse(where, 'the method', 'has several signatures, or none', 'give it one, with unions for what differs');
    const nodes = (
      (signature.declaration?.resolve() as { parameters?: readonly ParameterNode[] } | undefined)?.parameters ?? []
    ).filter((node) => (node as { name?: { text?: string } }).name?.text !== 'this');
    const symbols = signature.getParameters();
    const parameters = symbols.map((symbol, i) => this.#parameter(where, symbol, nodes[i]));
    const takesBody = verb !== 'get' && verb !== 'delete';
    const roles = this.#roles(where, parameters, takesBody);
    const at = (role: RouteArgument): Parameter | undefined => parameters[roles.indexOf(role)];
    const body = at('body');
    const params = at('params');
    const { description, deprecated } = this.#writer.docs(method, where) as { description?: string; deprecated?: true };
    const given = this.#checker.getReturnTypeOfSignature(signature);
    const told = partDocs(this.#checker, method);
    const result = resultOf(this.#checker, this.#writer, given, `${where}, its result`, isBatched);
    return {
      method: note.method,
      verb,
      path,
      ...(description === undefined ? {} : { description }),
      ...(deprecated === undefined ? {} : { deprecated }),
      takes: roles,
      isBatched,
      ...(body === undefined ? {} : { body: { ...this.#body(where, body, isBatched), ...described(told.get(body.name)) } }),
      params: this.#params(where, path, params, isBatched && !takesBody).map((one) => withDescription(one, told, params?.name)),
      ...(params !== undefined && !isBatched && canBeMissing(params) && parametersOf(path).length === 0
        ? { paramsOptional: true as const }
        : {}),
      result: { ...result, ...described(told.get('')) },
    };
  }

  #parameter(where: string, symbol: TypeSymbol, node: ParameterNode | undefined): Parameter {
    const name = /^__\d+$/.test(symbol.name) ? 'its parameter' : symbol.name;
    const type = this.#checker.getTypeOfSymbol(symbol);
    if (type === undefined) refuse(where, name, 'has no type', 'write one');
    if (node?.dotDotDotToken !== undefined) refuse(where, `...${name}`, 'takes any number', 'take one array');
    if (node !== undefined && node.type === undefined && type.flags & TypeFlags.Any)
      refuse(where, name, 'has no type', `write one behind it, ${name}: { text: string }, or unknown to take anything`);
    const isOptional = node?.initializer !== undefined || node?.questionToken !== undefined;
    return { name, type, isOptional, isRequest: isRequest(this.#checker, type, node), node: node?.type };
  }

  #roles(where: string, parameters: readonly Parameter[], takesBody: boolean): readonly RouteArgument[] {
    const kinds: RouteArgument[] = takesBody ? ['body', 'params'] : ['params'];
    return parameters.map(({ name, isRequest }, i) => {
      if (isRequest) {
        if (i < parameters.length - 1) refuse(where, name, 'is a Request before other parameters', 'put it last');
        return 'request';
      }
      const kind = kinds.shift();
      if (kind !== undefined) return kind;
      const convention = takesBody
        ? 'take the body, then one object of path and query parameters, then a Request'
        : 'take one object of path and query parameters, then a Request';
      return refuse(where, name, 'is a parameter too many', convention);
    });
  }

  /** The type for one request. A batched method takes a list of that type. */
  #one(where: string, { name, type }: Parameter, isBatched: boolean): Type {
    if (!isBatched) return type;
    const [item] = this.#checker.isArrayType(type) ? this.#checker.getTypeArguments(type as TypeReference) : [];
    return item ?? refuse(where, name, 'is not a list', 'take a list, because @serve.batch calls the method with one');
  }

  #body(where: string, parameter: Parameter, isBatched: boolean): BodySchema {
    const type = this.#one(where, parameter, isBatched);
    const node = isBatched ? itemOf(parameter.node) : parameter.node;
    const schema = this.#writer.write([type], `${where}, ${parameter.name}`, 'input', node);
    const required = !canBeMissing({ ...parameter, type });
    const whole = resolved(schema, this.#writer.defs);
    if (isFile(whole) || isBytes(whole)) return { form: 'bytes', required, schema };
    const { defs } = this.#writer;
    const properties = Object.values((whole.properties ?? {}) as Record<string, JsonSchema>);
    const isForm = properties.some((one) => isFileField(one, defs));
    // In a form, a field is a file, a list of files, or what a text can carry.
    const others = isForm ? properties.filter((one) => !isFileField(one, defs)) : [schema];
    if (others.some((one) => holdsFile(one, defs)))
      refuse(
        where,
        parameter.name,
        'holds a File below its properties, or in a union',
        'put files, or arrays of files, directly into the body, and write file?: File if it may be missing',
      );
    return { form: isForm ? 'multipart' : 'json', required, schema };
  }

  #params(where: string, path: string, parameter: Parameter | undefined, isBatched: boolean): readonly ParamSchema[] {
    const inPath = parametersOf(path);
    const undeclared = (name: string): ParamSchema => ({ name, in: 'path', required: true, schema: { type: 'string' } });
    if (parameter === undefined) return inPath.map(undeclared);
    const type = this.#checker.getNonNullableType(this.#one(where, parameter, isBatched)) as Type;
    const at = `${where}, ${parameter.name}`;
    const node = isBatched ? itemOf(parameter.node) : parameter.node;
    const schema = resolved(this.#writer.write([type], at, 'input', node), this.#writer.defs);
    if (schema.type !== 'object' || schema.additionalProperties !== undefined || schema.oneOf !== undefined)
      refuse(
        where,
        parameter.name,
        'is not one object of path and query parameters',
        'write { id }: { id: number; page?: number }',
      );
    const properties = (schema.properties ?? {}) as Readonly<Record<string, JsonSchema>>;
    const required = (schema.required ?? []) as readonly string[];
    const declared = Object.entries(properties).map(([name, own]): ParamSchema => {
      const place = inPath.includes(name) ? 'path' : 'query';
      if (!isTextual(own, this.#writer.defs, place === 'query')) {
        const kinds = 'take string, number, boolean, bigint, Date, URL, literals of these';
        refuse(
          at,
          `the ${place} parameter ${name}`,
          'cannot be read from a text',
          place === 'query' ? `${kinds}, or arrays of them; or use post and a body` : kinds,
        );
      }
      return { name, in: place, required: place === 'path' || required.includes(name), schema: own };
    });
    return [...declared, ...inPath.filter((name) => !Object.hasOwn(properties, name)).map(undeclared)];
  }
}

/** The descriptions of `@param name` and `@returns`, under the name of the parameter or under an empty text. */
function partDocs(checker: Checker, method: TypeSymbol): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const { name, text = '' } of method.getJsDocTags(checker)) {
    const [, part = '', description = ''] = /^\[?([\w$.]+)[^\s\]]*\]?\s*(?:-\s+)?([\s\S]*)$/.exec(text.trim()) ?? [];
    if (name === 'param' && description !== '') found.set(part, description);
    else if ((name === 'returns' || name === 'return') && text.trim() !== '') found.set('', text.trim());
  }
  return found;
}

const described = (description: string | undefined): { description?: string } =>
  description === undefined ? {} : { description };

/** A comment at the type of a path or query parameter goes before `@param id` or `@param params.id` of its method. */
function withDescription(param: ParamSchema, told: ReadonlyMap<string, string>, whole: string | undefined): ParamSchema {
  const description = told.get(`${whole}.${param.name}`) ?? told.get(param.name);
  return description === undefined ? param : { ...param, schema: { description, ...param.schema } };
}

const canBeMissing = ({ type, isOptional }: Parameter): boolean => isOptional || canBeUndefined(type);

function refuse(where: string, type: string, reason: string, remedy: string): never {
  throw NoSchema({ where, type, reason, remedy });
}

/** If the program does not include the types of the web, the name in the source counts, unless it is declared or imported there. */
function isRequest(checker: Checker, type: Type, node: ParameterNode | undefined): boolean {
  if (type.isErrorType()) {
    const written = (node?.type as { readonly typeName?: { readonly text?: string } } | undefined)?.typeName?.text;
    return written === 'ServeRequest' || (written === 'Request' && globalRequest(checker, node) === undefined);
  }
  const symbol = checker.getNonNullableType(type)?.getSymbol();
  if (symbol?.name !== 'Request') return false;
  // The only declaration may be the one of nbserve, which adds a member.
  return isOfLibrary(symbol) || globalRequest(checker)?.id === symbol.id;
}

const globalRequest = (checker: Checker, at?: Node): TypeSymbol | undefined =>
  checker.resolveName('Request', SymbolFlags.Type, at);
