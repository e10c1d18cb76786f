import { beginningOf, limitBody, MAX_JSON_BYTES } from '../../core/index.js';
import type { ClassSchema } from '../class-schema.js';
import { jsonAnswer, TypedAnswer } from '../typed-answer.js';
import { RouteTool, type ToolOptions } from './mcp-tool.js';
import type { Route, RouteRequest } from './route.js';
import { lostDigitsIn } from './validators.js';

/** The versions of the protocol that this server speaks, newest first. https://modelcontextprotocol.io/specification/versioning */
const VERSIONS = ['2025-11-25', '2025-06-18', '2025-03-26'] as const;

/** https://www.jsonrpc.org/specification#error_object */
const PARSE_ERROR = -32700;
const INVALID_REQUEST = -32600;
const NO_SUCH_METHOD = -32601;
const INVALID_PARAMS = -32602;
/** The largest batch that is accepted; only the oldest version has batches. */
const MOST_MESSAGES = 100;

interface Message {
  readonly id?: string | number;
  readonly method: string;
  readonly params?: Readonly<Record<string, unknown>>;
}

/** Refuses a call with an error code of JSON-RPC. */
class RpcError extends Error {
  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
  }
}

/**
 * An MCP server whose tools are the methods of a deployment. It uses the transport "streamable HTTP": each message is a POST request, and its answer is the
 * reply. There are no sessions, so any replica can answer any message.
 */
export class McpServer {
  readonly #name: string;
  readonly #description: string | undefined;
  readonly #tools = new Map<string, RouteTool>();

  constructor(schema: ClassSchema, routes: readonly { readonly route: Route }[], options: ToolOptions) {
    this.#name = schema.name;
    this.#description = schema.description;
    for (const { route } of routes) {
      if (!route.takesJson) continue;
      const { method, verb } = route.schema;
      const name = this.#tools.has(method) ? `${method}_${verb}` : method;
      if (!this.#tools.has(name)) this.#tools.set(name, new RouteTool(route, schema, name, options));
    }
  }

  /** Answers one HTTP request. @throws NBS_REQUEST_TOO_LARGE, and what `text` throws if the client has left */
  async answer(request: RouteRequest, method: string): Promise<TypedAnswer> {
    // GET would open a stream of messages from the server, and DELETE would end a session. This server has neither.
    if (method !== 'POST') return new TypedAnswer(405, null, null, ['allow', 'POST']);
    limitBody(request, MAX_JSON_BYTES);
    const text = await request.text();
    let message: unknown;
    try {
      message = JSON.parse(text);
    } catch {
      return jsonAnswer(failed(null, new RpcError(PARSE_ERROR, 'the body is not valid JSON')), 400);
    }
    const lost = lostDigitsIn(text, message);
    if (lost !== null) return jsonAnswer(failed(null, new RpcError(INVALID_REQUEST, `${lost.field} is ${lost.got}`)), 400);
    if (!Array.isArray(message)) return this.#one(message, request);
    if (message.length === 0 || message.length > MOST_MESSAGES)
      return jsonAnswer(failed(null, new RpcError(INVALID_REQUEST, `a batch holds 1 to ${MOST_MESSAGES} messages`)), 400);
    const told: object[] = [];
    // One after the other, because the batch has the slot of one request.
    for (const one of message) {
      if (request.signal.aborted) break;
      const reply = await this.#reply(one, request);
      if (reply !== undefined) told.push(reply);
    }
    return told.length === 0 ? new TypedAnswer(202, null, null) : jsonAnswer(told);
  }

  async #one(message: unknown, request: RouteRequest): Promise<TypedAnswer> {
    const reply = await this.#reply(message, request);
    if (reply === undefined) return new TypedAnswer(202, null, null);
    const isInvalid = (reply as { error?: { code: number } }).error?.code === INVALID_REQUEST;
    return jsonAnswer(reply, isInvalid ? 400 : 200);
  }

  /** @returns undefined if the message needs no reply */
  async #reply(given: unknown, request: RouteRequest): Promise<object | undefined> {
    const message = given as Partial<Message> | null;
    const id = typeof message?.id === 'string' || typeof message?.id === 'number' ? message.id : null;
    if (typeof message !== 'object' || message === null || (message as { jsonrpc?: unknown }).jsonrpc !== '2.0')
      return failed(id, new RpcError(INVALID_REQUEST, 'a message is an object with jsonrpc: "2.0"'));
    if (typeof message.method !== 'string') {
      // A response, although this server sends no requests.
      if ('result' in message || 'error' in message) return undefined;
      return failed(id, new RpcError(INVALID_REQUEST, 'a request has a method'));
    }
    if (id === null) return undefined;
    try {
      const { params } = message;
      const isRecord = typeof params === 'object' && params !== null && !Array.isArray(params);
      return { jsonrpc: '2.0', id, result: await this.#call(message.method, isRecord ? params : {}, request) };
    } catch (error) {
      if (error instanceof RpcError) return failed(id, error);
      throw error;
    }
  }

  async #call(method: string, params: Readonly<Record<string, unknown>>, request: RouteRequest): Promise<object> {
    if (method === 'initialize') return this.#initialize(params);
    if (method === 'ping') return {};
    if (method === 'tools/list') return { tools: [...this.#tools.values()].map(({ tool }) => tool) };
    if (method !== 'tools/call') throw new RpcError(NO_SUCH_METHOD, `there is no method ${shortened(method)}`);
    const { name, arguments: given = {} } = params;
    const tool = typeof name === 'string' ? this.#tools.get(name) : undefined;
    if (tool === undefined)
      throw new RpcError(
        INVALID_PARAMS,
        `there is no tool ${shortened(String(name))}; there are: ${[...this.#tools.keys()].join(', ')}`,
      );
    if (typeof given !== 'object' || given === null || Array.isArray(given))
      throw new RpcError(INVALID_PARAMS, 'the arguments of a tool are an object');
    return tool.call(given as Readonly<Record<string, unknown>>, request);
  }

  #initialize({ protocolVersion }: Readonly<Record<string, unknown>>): object {
    const isKnown = VERSIONS.some((version) => version === protocolVersion);
    return {
      protocolVersion: isKnown ? protocolVersion : VERSIONS[0],
      capabilities: { tools: { listChanged: false } },
      serverInfo: { name: this.#name, version: '0' },
      ...(this.#description === undefined ? {} : { instructions: this.#description }),
    };
  }
}

const failed = (id: string | number | null, { code, message }: RpcError): object => ({
  jsonrpc: '2.0',
  id,
  error: { code, message },
});

const shortened = (text: string): string => (text.length > 60 ? `${beginningOf(text, 60)}…` : text);
