import {
  type BodySchema,
  type ClassSchema,
  isBytes,
  isText,
  JAVASCRIPT,
  type JsonSchema,
  type ResultSchema,
  type RouteSchema,
  resolved,
} from '../class-schema.js';
import { parametersOf, shapeOf } from '../route-path.js';

/** The name of the schema of all errors. It is not `Error`, because a user's type may have that name. */
const ERROR = 'NbserveError';

const ERROR_SCHEMA: JsonSchema = {
  type: 'object',
  description: 'What was wrong, and what would be right.',
  properties: {
    error: {
      type: 'object',
      properties: {
        code: { type: 'string', description: 'Stays the same from version to version.' },
        message: { type: 'string' },
        requestId: { type: 'string' },
        issues: {
          type: 'array',
          items: {
            type: 'object',
            properties: {
              in: { enum: ['body', 'path', 'query'] },
              field: { type: 'string' },
              expected: { type: 'string' },
              got: { type: 'string' },
            },
            required: ['in', 'field', 'expected', 'got'],
          },
        },
      },
      required: ['code', 'message', 'requestId'],
    },
  },
  required: ['error'],
};

/** Writes the routes of a class as an OpenAPI 3.1 document. https://spec.openapis.org/oas/v3.1.1 */
export function openApiDocument(schema: ClassSchema, prefix: string): object {
  const paths: Record<string, Record<string, object>> = {};
  const ids = new Set<string>();
  /** Paths that differ only in the names of their parameters are one path in OpenAPI, with the names of the first. */
  const firsts = new Map<string, string>();
  for (const route of schema.routes) {
    const shape = shapeOf(route.path);
    const first = firsts.get(shape) ?? route.path;
    firsts.set(shape, first);
    const path = first.replace(/:([^/]+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.verb]: operation(renamed(route, first), freeId(route, ids), schema) };
  }
  const defs = Object.fromEntries(Object.entries(schema.defs).map(([name, one]) => [name, published(one, schema)]));
  return {
    openapi: '3.1.0',
    info: {
      title: schema.name,
      version: '0',
      ...(schema.description === undefined ? {} : { description: schema.description }),
    },
    servers: [{ url: prefix }],
    paths,
    components: { schemas: { ...defs, [errorName(schema)]: ERROR_SCHEMA } },
  };
}

function renamed(route: RouteSchema, path: string): RouteSchema {
  const own = parametersOf(route.path);
  const names = parametersOf(path);
  const params = route.params.map((param) =>
    param.in === 'path' ? { ...param, name: names[own.indexOf(param.name)] ?? param.name } : param,
  );
  return { ...route, params };
}

function errorName({ defs }: ClassSchema): string {
  let name = ERROR;
  while (name in defs) name += '_';
  return name;
}

function freeId({ method, verb }: RouteSchema, ids: Set<string>): string {
  let id = ids.has(method) ? `${method}_${verb}` : method;
  while (ids.has(id)) id += '_';
  ids.add(id);
  return id;
}

function operation(route: RouteSchema, operationId: string, whole: ClassSchema): object {
  const { description, deprecated, body, result } = route;
  const params = route.paramsOptional === true ? route.params.map((one) => ({ ...one, required: false })) : route.params;
  const error = (text: string): object => ({
    description: text,
    content: { 'application/json': { schema: { $ref: `#/components/schemas/${errorName(whole)}` } } },
  });
  const isChecked = params.length > 0 || body?.form === 'json' || body?.form === 'multipart';
  return {
    operationId,
    summary: description === undefined ? route.method : firstSentence(description),
    ...(description === undefined ? {} : { description }),
    ...(deprecated === undefined ? {} : { deprecated }),
    ...(params.length === 0 ? {} : { parameters: params.map((param) => parameter(param, whole)) }),
    ...(body === undefined
      ? {}
      : { requestBody: { ...described(body.description), required: body.required, content: bodyContent(body, whole) } }),
    responses: {
      ...answers(result, whole),
      ...(body === undefined && !params.some((param) => param.in === 'path')
        ? {}
        : { 400: error('The request cannot be read.') }),
      ...(body?.form === 'multipart' ? { 415: error('The body is no multipart form.') } : {}),
      ...(isChecked ? { 422: error('The request is not what the types say; the message names the field.') } : {}),
      default: error('Something else was wrong.'),
    },
  };
}

const described = (description: string | undefined): object => (description === undefined ? {} : { description });

function parameter({ name, in: place, required, schema }: RouteSchema['params'][number], whole: ClassSchema): object {
  const { description, deprecated, ...own } = published(schema, whole) as { description?: string; deprecated?: true };
  return {
    name,
    in: place,
    required,
    ...(description === undefined ? {} : { description }),
    ...(deprecated === undefined ? {} : { deprecated }),
    schema: own,
  };
}

function bodyContent({ form, schema }: BodySchema, whole: ClassSchema): object {
  if (form === 'json') return { 'application/json': { schema: published(schema, whole) } };
  if (form === 'multipart') return { 'multipart/form-data': { schema: published(schema, whole) } };
  return { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } };
}

function answers({ form, schema = {}, canBeNothing, description }: ResultSchema, whole: ClassSchema): object {
  if (form === 'nothing') return { 204: { description: description ?? 'Done.' } };
  if (form === 'any') return { 200: { description: description ?? 'The answer.' } };
  const nothing = canBeNothing === undefined ? {} : { 204: { description: 'There is no result.' } };
  return { 200: { description: description ?? 'The result.', content: resultContent(form, schema, whole) }, ...nothing };
}

function resultContent(form: ResultSchema['form'], schema: JsonSchema, whole: ClassSchema): object {
  if (form === 'bytes' || (form === 'stream' && isBytes(resolved(schema, whole.defs))))
    return { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } };
  const own = { schema: published(schema, whole) };
  if (form === 'json') return { 'application/json': own };
  // A stream is sent as lines, or as events if the client accepts `text/event-stream`.
  return { [isText(schema, whole.defs) ? 'text/plain' : 'application/x-ndjson']: own, 'text/event-stream': own };
}

/** The schema in the form for other programs: definitions are components, and keywords of our own are removed. */
function published(schema: JsonSchema, { defs }: ClassSchema): JsonSchema {
  return rewritten(schema, moved, defs) as JsonSchema;
}

const moved = (ref: string): string => ref.replace('#/$defs/', '#/components/schemas/');

/**
 * Copies a schema without keywords of our own.
 * @param move returns the new text of a `$ref`
 * @param defs if they are given, each discriminator gets a mapping. It is not in the checked schema, because Ajv refuses it.
 */
export function rewritten(value: unknown, move: (ref: string) => string, defs?: ClassSchema['defs']): unknown {
  if (Array.isArray(value)) return value.map((item) => rewritten(item, move, defs));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).flatMap(([key, item]) => {
    if (key === JAVASCRIPT) return [];
    return [[key, key === '$ref' && typeof item === 'string' ? move(item) : rewritten(item, move, defs)] as const];
  });
  const { discriminator, oneOf } = value as { discriminator?: { propertyName?: unknown }; oneOf?: unknown };
  const tag = discriminator?.propertyName;
  if (defs === undefined || typeof tag !== 'string' || !Array.isArray(oneOf)) return Object.fromEntries(entries);
  // Without a mapping, the values of the tag would be the names of the definitions.
  const mapping = Object.fromEntries(
    (oneOf as readonly JsonSchema[]).map((member) => {
      const { properties = {} } = resolved(member, defs) as { properties?: Readonly<Record<string, JsonSchema>> };
      return [String(properties[tag]?.const), move(String(member.$ref))];
    }),
  );
  return { ...Object.fromEntries(entries), discriminator: { propertyName: tag, mapping } };
}

const firstSentence = (text: string): string => (text.split(/(?<=[.!?])\s|\n/)[0] ?? text).slice(0, 120);
