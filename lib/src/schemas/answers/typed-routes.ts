import { aboutInput, type NbserveError } from '../../core/index.js';
import { docsPage, InvalidRequest, NoSuchRoute } from '../../openapi/index.js';
import type { ClassSchema, RouteVerb } from '../class-schema.js';
import { MethodNotAllowed } from '../errors.js';
import { jsonAnswer, TypedAnswer } from '../typed-answer.js';
import { McpServer } from './mcp-server.js';
import { openApiDocument } from './openapi.js';
import { Refused } from './refusal.js';
import { encoderOf, type ToPlain } from './result-encoder.js';
import { type Method, Route, type RouteRequest } from './route.js';
import { RouteTable } from './route-table.js';
import { Validators } from './validators.js';

export interface TypedRoutesOptions {
  readonly schema: ClassSchema;
  /** Returns the method with this name, bound to the instance. */
  readonly method: (name: string) => Method;
  /** Parses JSON. @throws the error for a body that is not valid JSON */
  readonly parse: (text: string) => unknown;
  readonly toPlain: ToPlain;
  /** Converts what user code threw into the error that a client gets. */
  readonly failureOf: (thrown: unknown) => NbserveError;
  /** The class's own `fetch`, which gets the requests that match no route; null if it has none. */
  readonly fetch: ((request: unknown) => unknown) | null;
  /** True if the methods are also the tools of an MCP server, at `/mcp`. */
  readonly mcp: boolean;
}

/** What the replica knows about a request. */
export interface TypedHead {
  readonly method: string;
  /** Path and query, as the client sent them. */
  readonly url: string;
  readonly prefix: string;
  readonly requestId: string;
}

interface Served {
  readonly route: Route;
  readonly schema: Route['schema'];
  readonly encode: (value: unknown) => unknown;
}

const DOCUMENT = '/openapi.json';
const DOCS = '/docs';
const MCP = '/mcp';

/** The routes of one deployment's instance, and the document, the page and the tools that are made from their types. */
export class TypedRoutes {
  readonly #options: TypedRoutesOptions;
  readonly #table: RouteTable<Served>;
  readonly #mcp: McpServer | null;
  /** OpenAPI documents by route prefix, because the prefix of an application can change. */
  readonly #documents = new Map<string, object>();

  constructor(options: TypedRoutesOptions) {
    const { schema, method, parse, toPlain } = options;
    this.#options = options;
    const validators = new Validators(schema);
    const routes = schema.routes.map((one): Served => {
      const route = new Route(one, { schema, validators, method, parse });
      return { route, schema: one, encode: encoderOf(one.result, schema, toPlain) };
    });
    this.#table = new RouteTable(routes);
    this.#mcp = options.mcp ? new McpServer(schema, routes, options) : null;
  }

  /** Returns what `fetch` of a class would return: a value, a promise, a stream, or a {@link TypedAnswer}. */
  answer(request: RouteRequest, head: TypedHead): unknown {
    const { method, url, prefix } = head;
    const queryAt = url.indexOf('?');
    const whole = queryAt < 0 ? url : url.slice(0, queryAt);
    const rest = prefix === '/' ? whole : whole.slice(prefix.length) || '/';
    // The address of an application at the root ends with a slash, so `${handle.url}/path` has two.
    const path = rest.startsWith('//') ? rest.slice(1) : rest;
    const verb = verbOf(method);
    const found = this.#table.find(path, verb);
    const route = found?.route ?? null;
    const texts = found?.texts ?? [];
    // A page is a fixed path, and so it is preferred to a parameter.
    const page = route !== null && texts.length === 0 ? null : this.#page(path, method, request, prefix);
    if (page !== null) return page;
    if (route !== null) return this.#run(route, request, texts, queryAt < 0 ? '' : url.slice(queryAt + 1), head);
    const { fetch } = this.#options;
    if (fetch !== null) return fetch(request);
    if (found === null) throw aboutInput(NoSuchRoute({ method, path, docs: `${prefix === '/' ? '' : prefix}${DOCS}` }));
    const allowed = found.verbs.flatMap((one) => (one === 'get' ? ['GET', 'HEAD'] : [one.toUpperCase()]));
    return this.#notAllowed(path, method, allowed, head.requestId);
  }

  #run(served: Served, request: RouteRequest, texts: readonly string[], query: string, head: TypedHead): unknown {
    let given: unknown;
    try {
      given = served.route.answer(request, texts, query);
    } catch (error) {
      return refusedOr(error, head.requestId);
    }
    if (typeof given !== 'object' || given === null || typeof (given as { then?: unknown }).then !== 'function')
      return served.encode(given);
    return (given as Promise<unknown>).then(served.encode, (error) => refusedOr(error, head.requestId));
  }

  #page(path: string, method: string, request: RouteRequest, prefix: string): unknown {
    if (path === MCP && this.#mcp !== null) return this.#mcp.answer(request, method);
    if (method !== 'GET' && method !== 'HEAD') return null;
    if (path === DOCUMENT) return jsonAnswer(this.#document(prefix));
    if (path !== DOCS) return null;
    const { headers, html } = docsPage({ title: this.#options.schema.name });
    const { 'content-type': type = 'text/html', ...others } = headers;
    return new TypedAnswer(200, type, Buffer.from(html), Object.entries(others).flat());
  }

  #document(prefix: string): object {
    const known = this.#documents.get(prefix) ?? openApiDocument(this.#options.schema, prefix);
    this.#documents.set(prefix, known);
    return known;
  }

  #notAllowed(path: string, verb: string, allowed: readonly string[], requestId: string): TypedAnswer {
    const { code, message } = MethodNotAllowed({ path, verb, allowed: allowed.join(', ') });
    return jsonAnswer({ error: { code, message, requestId } }, MethodNotAllowed.status, ['allow', allowed.join(', ')]);
  }
}

/** Converts a {@link Refused} into an answer. @throws any other error */
function refusedOr(error: unknown, requestId: string): TypedAnswer {
  if (!(error instanceof Refused)) throw error;
  const { message, issues, status } = error;
  return jsonAnswer({ error: { code: InvalidRequest.code, message, requestId, issues } }, status);
}

/** HEAD is answered by the route for GET, without its body. */
const verbOf = (method: string): RouteVerb => (method === 'HEAD' ? 'get' : (method.toLowerCase() as RouteVerb));
