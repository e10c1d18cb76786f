import { setImmediate as nextTurn } from 'node:timers/promises';
import { aboutInput, isAnyResponse, type NbserveError, toldText } from '../../core/index.js';
import { type ClassSchema, type JsonSchema, resolved } from '../class-schema.js';
import { ToolResultTooLong } from '../errors.js';
import { rewritten } from './openapi.js';
import { type ToPlain, writesTexts } from './result-encoder.js';
import type { Route, RouteRequest } from './route.js';

/** How much of a stream a tool gives. A model reads no more, and the items are kept until the last one. */
const MOST_ITEMS = 10_000;
const MOST_CHARACTERS = 4_000_000;
/** After this time, a generator that does not wait for anything lets other requests have their turn. */
const TURN_MS = 10;

export interface McpTool {
  readonly name: string;
  readonly description?: string;
  readonly inputSchema: JsonSchema;
  readonly outputSchema?: JsonSchema;
}

export interface ToolOptions {
  readonly toPlain: ToPlain;
  /** Converts what user code threw into the error that a client gets. */
  readonly failureOf: (thrown: unknown) => NbserveError;
}

/** A method as a tool. MCP requires that the arguments and the result of a tool are objects. */
export class RouteTool {
  readonly tool: McpTool;
  readonly #route: Route;
  readonly #toPlain: ToPlain;
  readonly #failureOf: ToolOptions['failureOf'];
  /** True if the schema of the result has texts for BigInts or bytes. */
  readonly #asTexts: boolean;
  /** True if the arguments are the body itself. */
  readonly #isBody: boolean;
  /** The argument that is the body, if the arguments are not the body itself. */
  readonly #bodyName: string;
  /** True if the result is an object already, so that it need not be wrapped in one. */
  readonly #isObject: boolean;

  constructor(route: Route, schema: ClassSchema, name: string, { toPlain, failureOf }: ToolOptions) {
    const { description, body, params, paramsOptional, result } = route.schema;
    this.#route = route;
    this.#toPlain = toPlain;
    this.#failureOf = failureOf;
    const { defs } = schema;
    this.#asTexts = writesTexts(result, defs);
    this.#isBody = body !== undefined && params.length === 0 && isObject(resolved(body.schema, defs));
    const output = result.form === 'json' && result.canBeNothing === undefined ? (result.schema as JsonSchema) : undefined;
    this.#isObject = output !== undefined && isObject(resolved(output, defs));
    this.#bodyName = params.some((param) => param.name === 'body') ? 'requestBody' : 'body';
    const properties = Object.fromEntries([
      ...params.map((param) => [param.name, param.schema] as const),
      ...(body === undefined ? [] : [[this.#bodyName, body.schema] as const]),
    ]);
    const required = [
      ...params.filter((param) => param.required && paramsOptional !== true).map((param) => param.name),
      ...(body?.required === true ? [this.#bodyName] : []),
    ];
    const input = this.#isBody
      ? resolved((body as { schema: JsonSchema }).schema, defs)
      : { type: 'object', properties, ...(required.length === 0 ? {} : { required }) };
    const streamed = result.form === 'stream' ? { type: 'array', items: result.schema ?? {} } : output;
    this.tool = {
      name,
      ...(description === undefined ? {} : { description }),
      inputSchema: whole(input, defs),
      ...(streamed === undefined
        ? {}
        : { outputSchema: whole(this.#isObject ? resolved(streamed, defs) : wrapped(streamed), defs) }),
    };
  }

  /** @returns the result of `tools/call`; if the method fails, the model gets the error, so that it can try something else */
  async call(given: Readonly<Record<string, unknown>>, request: RouteRequest): Promise<object> {
    try {
      const own = this.#isBody ? given : Object.hasOwn(given, this.#bodyName) ? given[this.#bodyName] : undefined;
      const { body, params } = this.#route.checked(own, given);
      return await this.#told(await this.#route.call(body, params, request), request.signal);
    } catch (error) {
      // Over HTTP, it would be the answer.
      if (isAnyResponse(error)) return failed(await error.text().catch(() => `status ${error.status}`));
      const failure = this.#failureOf(error);
      const { status, message, stack = message, expose } = failure;
      if (status >= 500) console.error(`the tool ${this.tool.name} failed: ${stack}`);
      return failed(expose === true ? toldText(failure) : 'the tool failed');
    }
  }

  async #told(result: unknown, signal: AbortSignal): Promise<object> {
    const { form } = this.#route.schema.result;
    if (form === 'stream') {
      const items = await this.#collected(result as AsyncIterable<unknown>, signal);
      return structured({ result: items }, items);
    }
    // Clients require a result if the tool has a schema of it, which allows null if the method may return nothing.
    if (result === undefined) return this.tool.outputSchema === undefined ? { content: [] } : structured({ result: null }, null);
    if (form === 'any') {
      const told = { content: [{ type: 'text', text: await this.#textOf(result) }] };
      return isAnyResponse(result) && result.status >= 400 ? { ...told, isError: true } : told;
    }
    if (form === 'bytes') {
      const bytes = new Uint8Array(result instanceof Blob ? await result.arrayBuffer() : (result as ArrayBuffer));
      return { content: [{ type: 'text', text: Buffer.from(bytes).toString('base64') }] };
    }
    const value = this.#toPlain(result, this.#asTexts);
    return this.tool.outputSchema === undefined
      ? { content: [text(value)] }
      : structured(this.#isObject ? value : { result: value }, value);
  }

  /** The items of a stream; if the client leaves, only those until then. @throws NBS_TOOL_RESULT_TOO_LONG */
  async #collected(stream: AsyncIterable<unknown>, signal: AbortSignal): Promise<readonly unknown[]> {
    const items: unknown[] = [];
    let characters = 0;
    let since = Date.now();
    for await (const item of stream) {
      if (signal.aborted) break;
      const plain = this.#toPlain(item, this.#asTexts, 'an item');
      items.push(plain);
      characters += JSON.stringify(plain)?.length ?? 0;
      if (items.length > MOST_ITEMS || characters > MOST_CHARACTERS) {
        const most = { mostItems: MOST_ITEMS, mostCharacters: MOST_CHARACTERS };
        throw aboutInput(ToolResultTooLong({ tool: this.tool.name, items: items.length, characters, ...most }));
      }
      if (Date.now() - since < TURN_MS) continue;
      await nextTurn();
      since = Date.now();
    }
    return items;
  }

  async #textOf(value: unknown): Promise<string> {
    if (typeof value === 'string') return value;
    if (isAnyResponse(value)) return value.text();
    const isBody =
      value instanceof ReadableStream || value instanceof Blob || value instanceof ArrayBuffer || ArrayBuffer.isView(value);
    if (isBody) return new Response(value as ConstructorParameters<typeof Response>[0]).text();
    return JSON.stringify(this.#toPlain(value, false));
  }
}

const text = (value: unknown): object => ({ type: 'text', text: typeof value === 'string' ? value : JSON.stringify(value) });

const failed = (message: string): object => ({ content: [text(message)], isError: true });

/** `content` is for clients that do not read `structuredContent`. */
const structured = (structuredContent: unknown, value: unknown): object => ({ content: [text(value)], structuredContent });

const isObject = ({ type, properties, additionalProperties }: JsonSchema): boolean =>
  type === 'object' && (properties !== undefined || additionalProperties !== undefined);

const wrapped = (schema: JsonSchema): JsonSchema => ({ type: 'object', properties: { result: schema }, required: ['result'] });

/** Adds the definitions that the schema refers to, because the schema of a tool must be complete by itself. */
function whole(schema: JsonSchema, defs: ClassSchema['defs']): JsonSchema {
  const found: Record<string, JsonSchema> = {};
  const gather = (one: JsonSchema): void => {
    for (const [, name] of JSON.stringify(one).matchAll(/"#\/\$defs\/([^"]+)"/g)) {
      const definition = defs[name as string];
      if (definition === undefined || (name as string) in found) continue;
      found[name as string] = definition;
      gather(definition);
    }
  };
  gather(schema);
  const all = Object.keys(found).length === 0 ? schema : { ...schema, $defs: found };
  return inEachDialect(rewritten(all, (ref) => ref)) as JsonSchema;
}

/**
 * Clients read a schema as JSON Schema of 2020-12 or of draft-07, in which `prefixItems` means nothing and `items` is about each item. So `items` of a tuple
 * allows its own items too; `minItems` and `maxItems` say in both how many there are.
 */
function inEachDialect(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inEachDialect);
  if (typeof value !== 'object' || value === null) return value;
  const own = Object.fromEntries(Object.entries(value).map(([key, one]) => [key, inEachDialect(one)]));
  const { prefixItems, items } = own;
  if (!Array.isArray(prefixItems) || prefixItems.length === 0) return own;
  const all = [...prefixItems, ...(items === false ? [] : [items])];
  const [first, ...others] = new Map(all.map((one) => [JSON.stringify(one), one])).values();
  return { ...own, items: others.length === 0 ? first : { anyOf: [first, ...others] } };
}
