import { STATUS_CODES } from 'node:http';
import type { FastifyInstance, RouteOptions } from 'fastify';
import { type OpenapiPath, openapiPaths } from './openapi-path.js';
import { type JsonSchema, OpenapiSchemas } from './openapi-schemas.js';

/** The static member `openapi` of a class: parts of an OpenAPI document, which replace the parts that are made from the routes. */
export interface OpenapiSettings {
  readonly info?: { readonly title?: string; readonly version?: string; readonly description?: string };
  readonly [part: string]: unknown;
}

type Part = Readonly<Record<string, unknown>>;

/** The fields of a route's schema that Fastify and its plugins know. */
interface RouteSchema extends Part {
  readonly hide?: boolean;
  readonly params?: unknown;
  readonly querystring?: unknown;
  readonly query?: unknown;
  readonly headers?: unknown;
  readonly body?: unknown;
  readonly response?: Part;
  readonly consumes?: readonly string[];
  readonly produces?: readonly string[];
}

/** A parameter's name in its route, and in the document. */
interface PathName {
  readonly own: string;
  readonly shown: string;
}

const COPIED = ['operationId', 'summary', 'description', 'tags', 'deprecated', 'security', 'externalDocs'] as const;
/** The methods that OpenAPI has a field for. */
const METHODS = new Set(['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace']);
const JSON_TYPE = 'application/json';

const ERROR_SCHEMA = {
  type: 'object',
  properties: {
    error: {
      type: 'object',
      properties: { code: { type: 'string' }, message: { type: 'string' }, requestId: { type: 'string' } },
      required: ['code', 'message'],
    },
  },
  required: ['error'],
};
const ERROR_RESPONSE = { description: 'Error', content: { [JSON_TYPE]: { schema: ERROR_SCHEMA } } };

/** The OpenAPI 3.1 document of the routes of a Fastify instance. */
export class OpenapiDocument {
  readonly title: string;
  readonly #settings: OpenapiSettings;
  readonly #routes: { readonly route: RouteOptions; readonly instance: FastifyInstance }[] = [];
  readonly #texts = new Map<string, string>();

  constructor({ deployment, settings }: { readonly deployment: string; readonly settings: OpenapiSettings }) {
    this.#settings = settings;
    this.title = settings.info?.title ?? deployment;
  }

  /** @param instance the Fastify instance on which the route was registered: it knows the shared schemas that the route may refer to */
  add(route: RouteOptions, instance: FastifyInstance): void {
    this.#routes.push({ route, instance });
  }

  /** @param prefix route prefix of the application; the paths in the document are relative to it */
  textFor(prefix: string): string {
    const known = this.#texts.get(prefix);
    if (known !== undefined) return known;
    const text = JSON.stringify(this.#build(prefix));
    this.#texts.set(prefix, text);
    return text;
  }

  #build(prefix: string): Part {
    const { info, components, ...others } = this.#settings;
    const schemas = new OpenapiSchemas();
    const paths: Record<string, Record<string, unknown>> = {};
    /** Paths that differ only in the names of their parameters are one path in OpenAPI, with the names of the first. */
    const firsts = new Map<string, OpenapiPath>();
    for (const { route, instance } of this.#routes) {
      schemas.share(instance.getSchemas());
      for (const method of [route.method].flat().map((name) => name.toLowerCase())) {
        const schema = (route.schema ?? {}) as RouteSchema;
        const isExtra = schema.hide === true || (method === 'head' && this.#has('GET', route.url));
        if (isExtra || !METHODS.has(method) || (route as { websocket?: boolean }).websocket === true) continue;
        for (const [n, own] of openapiPaths(route.url).entries()) {
          const shape = own.path.replaceAll(/\{(?!wildcard\})\w*\}/g, '{}');
          const first = firsts.get(shape) ?? own;
          firsts.set(shape, first);
          // Two routes of one method may differ only in the patterns of their parameters, which OpenAPI does not have.
          const { path, names: shown } = paths[first.path]?.[method] === undefined ? first : own;
          const names = own.names.map((name, i) => ({ own: name, shown: shown[i] ?? name }));
          paths[path] ??= {};
          // If an optional parameter gives one route two paths, only the first has the operation's id, because ids must be unique.
          paths[path][method] ??= operationOf(n === 0 ? schema : { ...schema, operationId: undefined }, names, schemas);
        }
      }
    }
    return {
      openapi: '3.1.0',
      info: { version: '1.0.0', ...info, title: this.title },
      servers: [{ url: prefix }],
      ...others,
      paths,
      components: { ...(components as Part | undefined), schemas: schemas.components },
    };
  }

  #has(method: string, url: string): boolean {
    return this.#routes.some(({ route }) => route.url === url && [route.method].flat().includes(method as never));
  }
}

function operationOf(schema: RouteSchema, names: readonly PathName[], schemas: OpenapiSchemas): Part {
  const copied = Object.fromEntries(COPIED.filter((name) => schema[name] !== undefined).map((name) => [name, schema[name]]));
  const path = schemas.propertiesOf(schema.params, 'input');
  const parameters = [
    ...names.map(({ own, shown }) => parameter('path', shown, path.properties[own] ?? { type: 'string' }, true)),
    ...inPlace('query', schema.querystring ?? schema.query, schemas),
    ...inPlace('header', schema.headers, schemas),
  ];
  return {
    ...copied,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(schema.body === undefined ? {} : { requestBody: requestBodyOf(schema, schemas) }),
    responses: responsesOf(schema, schemas),
  };
}

function inPlace(place: 'query' | 'header', given: unknown, schemas: OpenapiSchemas): Part[] {
  const { properties, required } = schemas.propertiesOf(given, 'input');
  return Object.entries(properties).map(([name, schema]) => parameter(place, name, schema, required.includes(name)));
}

function parameter(place: string, name: string, schema: JsonSchema, required: boolean): Part {
  const { description } = schema as { description?: unknown };
  return { in: place, name, required, schema, ...(typeof description === 'string' ? { description } : {}) };
}

function requestBodyOf({ body, consumes = [JSON_TYPE] }: RouteSchema, schemas: OpenapiSchemas): Part {
  const byType = contentOf(body, schemas, 'input');
  if (byType !== null) return { required: true, content: byType };
  const schema = schemas.convert(body, 'input');
  return { required: true, content: Object.fromEntries(consumes.map((type) => [type, { schema }])) };
}

/** The content for a body whose schema is given by content type; null if it is given in another form. */
function contentOf(given: unknown, schemas: OpenapiSchemas, side: 'input' | 'output'): Part | null {
  const { content } = (given ?? {}) as { content?: Readonly<Record<string, { readonly schema?: unknown }>> };
  if (typeof content !== 'object' || content === null) return null;
  return Object.fromEntries(
    Object.entries(content).map(([type, { schema, ...more }]) => [type, { ...more, schema: schemas.convert(schema, side) }]),
  );
}

function responsesOf({ response = {}, produces = [JSON_TYPE] }: RouteSchema, schemas: OpenapiSchemas): Part {
  const responses: Record<string, unknown> = {};
  for (const [status, given] of Object.entries(response)) {
    const key = /^\dxx$/i.test(status) ? status.toUpperCase() : status;
    const described = (given as { description?: unknown } | null)?.description;
    const description = typeof described === 'string' ? described : (STATUS_CODES[status] ?? 'Answer');
    const content = contentOf(given, schemas, 'output');
    if (content !== null) responses[key] = { description, content };
    else if ((given as { type?: unknown } | null)?.type === 'null') responses[key] = { description };
    else {
      const schema = schemas.convert(given, 'output');
      responses[key] = { description, content: Object.fromEntries(produces.map((type) => [type, { schema }])) };
    }
  }
  if (Object.keys(responses).length === 0) responses['200'] = { description: 'OK' };
  responses.default ??= ERROR_RESPONSE;
  return responses;
}
