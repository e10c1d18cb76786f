import { aboutInput, type LimitedRequest, limitBody, MAX_JSON_BYTES, MAX_UPLOAD_BYTES } from '../../core/index.js';
import { type ClassSchema, JAVASCRIPT, type ParamSchema, type RouteSchema, resolved } from '../class-schema.js';
import { BadPath } from '../errors.js';
import { parametersOf } from '../route-path.js';
import { expectedBy } from './describe-schema.js';
import { FormBody } from './form-body.js';
import { Refused } from './refusal.js';
import { type Revive, revived, reviverOf } from './revive.js';
import { textReader } from './text-values.js';
import { type Check, type Issue, lostDigitsIn, type Validators } from './validators.js';

/** A method of the deployment's instance, bound to it. */
export type Method = (...args: unknown[]) => unknown;

interface Param {
  readonly schema: ParamSchema;
  readonly read: (texts: readonly string[]) => unknown;
  readonly check: Check;
  readonly revive: Revive | null;
  readonly expected: string;
}

/** Reads a body. It adds the faults that it finds to `issues`. */
type ReadBody = (request: RouteRequest, issues: Issue[]) => unknown;

interface JsonBody {
  readonly check: Check;
  readonly revive: Revive | null;
}

/** The parts of a request that a route uses. */
export interface RouteRequest extends LimitedRequest {
  /** Returns the body as text if all of it has arrived, and otherwise `null`. */
  textNow(): string | null;
  text(): Promise<string>;
  arrayBuffer(): Promise<ArrayBuffer>;
  formData(): Promise<FormData>;
  /** Aborted when the client has left. */
  readonly signal: AbortSignal;
}

export interface RouteOptions {
  readonly schema: ClassSchema;
  readonly validators: Validators;
  /** Returns the method with this name. */
  readonly method: (name: string) => Method;
  /** Parses JSON. @throws the error for a body that is not valid JSON */
  readonly parse: (text: string) => unknown;
}

/** One route with its compiled checks. */
export class Route {
  readonly schema: RouteSchema;
  readonly #options: RouteOptions;
  readonly #method: Method;
  readonly #params: readonly Param[];
  readonly #json: JsonBody | null;
  readonly #readBody: ReadBody;
  readonly #inPath: readonly string[];

  constructor(schema: RouteSchema, options: RouteOptions) {
    const { schema: whole, validators, method } = options;
    this.schema = schema;
    this.#options = options;
    this.#method = method(schema.method);
    this.#inPath = parametersOf(schema.path);
    this.#params = schema.params.map((param) => ({
      schema: param,
      read: textReader(param.schema, whole.defs),
      check: validators.check(param.schema, param.in, param.name),
      revive: reviverOf(param.schema, whole, validators),
      expected: expectedBy(param.schema, whole.defs),
    }));
    const { body } = schema;
    this.#json =
      body?.form === 'json'
        ? { check: validators.check(body.schema, 'body', 'body'), revive: reviverOf(body.schema, whole, validators) }
        : null;
    this.#readBody = this.#bodyReader();
  }

  /** True if a tool can call the method, because its body is not bytes or files. */
  get takesJson(): boolean {
    return this.schema.body === undefined || this.#json !== null;
  }

  /**
   * @param texts values of the path's parameters, not decoded
   * @param query without `?`
   * @throws (also as a rejection) {@link Refused}, NBS_BAD_PATH, NBS_BAD_JSON, NBS_BAD_FORM, NBS_WRONG_BODY_TYPE, NBS_REQUEST_TOO_LARGE, and what the method throws
   */
  answer(request: RouteRequest, texts: readonly string[], query: string): unknown {
    const issues: Issue[] = [];
    const params = this.#params.length === 0 ? {} : this.#fromTexts(texts, query, issues);
    const body = this.#readBody(request, issues);
    // Usually the whole body has arrived, and then there is no promise to wait for.
    if (body instanceof Promise) return body.then((value) => this.#callWith(value, params, request, issues));
    return this.#callWith(body, params, request, issues);
  }

  /** Checks values that need no conversion from text, such as the arguments of a tool. @throws {@link Refused} */
  checked(body: unknown, values: Readonly<Record<string, unknown>>): { readonly body: unknown; readonly params: unknown } {
    const issues: Issue[] = [];
    const params = this.#leavesOut((name) => Object.hasOwn(values, name)) ? undefined : this.#fromValues(values, issues);
    const isMissing = body === undefined && this.schema.body?.required !== true;
    const own = isMissing || this.#json === null ? body : this.#checkedJson(this.#json, body, issues);
    if (issues.length > 0) throw new Refused(issues);
    return { body: own, params };
  }

  /** Calls the method with checked values. */
  call(body: unknown, params: unknown, request: unknown): unknown {
    const { takes, isBatched } = this.schema;
    const args = takes.map((kind) => (kind === 'body' ? body : kind === 'params' ? params : request));
    return isBatched ? oneOf(this.#method([args[0]])) : this.#method(...args);
  }

  #callWith(body: unknown, params: unknown, request: RouteRequest, issues: readonly Issue[]): unknown {
    if (issues.length > 0) throw new Refused(issues);
    return this.call(body, params, request);
  }

  #bodyReader(): ReadBody {
    const { body } = this.schema;
    if (body === undefined) return () => undefined;
    const { schema, validators, parse } = this.#options;
    if (body.form === 'multipart') {
      const form = new FormBody(body, schema, validators);
      return (request, issues) => form.read(request, issues);
    }
    if (body.form === 'bytes') {
      const name = resolved(body.schema, schema.defs)[JAVASCRIPT] as string;
      return async (request) => {
        limitBody(request, MAX_UPLOAD_BYTES);
        const buffer = await request.arrayBuffer();
        const isMissing = buffer.byteLength === 0 && !body.required;
        return isMissing ? undefined : bytesAs(name, buffer, request.headers.get('content-type') ?? '');
      };
    }
    const json = this.#json as JsonBody;
    const valueIn = (text: string, issues: Issue[]): unknown => {
      if (text === '' && !body.required) return undefined;
      const value = parse(text);
      const lost = lostDigitsIn(text, value);
      if (lost !== null) issues.push(lost);
      return this.#checkedJson(json, value, issues);
    };
    return (request, issues) => {
      const text = request.textNow();
      if (text !== null) return valueIn(text, issues);
      limitBody(request, MAX_JSON_BYTES);
      return request.text().then((whole) => valueIn(whole, issues));
    };
  }

  #checkedJson({ check, revive }: JsonBody, value: unknown, issues: Issue[]): unknown {
    const wrong = check(value);
    if (wrong !== null) issues.push(...wrong);
    return wrong !== null ? value : revived(revive, value, issues);
  }

  /** True if the method is called without its object of parameters. @param isSent tells whether one of these names was sent */
  #leavesOut(isSent: (name: string) => boolean): boolean {
    return this.schema.paramsOptional === true && !this.#params.some(({ schema }) => isSent(schema.name));
  }

  #fromValues(values: Readonly<Record<string, unknown>>, issues: Issue[]): unknown {
    const params: Record<string, unknown> = {};
    for (const param of this.#params) {
      const { name } = param.schema;
      this.#take(param, Object.hasOwn(values, name) ? values[name] : undefined, params, issues);
    }
    return params;
  }

  #fromTexts(texts: readonly string[], query: string, issues: Issue[]): unknown {
    const params: Record<string, unknown> = {};
    const search = query === '' ? null : new URLSearchParams(query);
    if (this.#leavesOut((name) => search?.has(name) === true)) return undefined;
    for (const param of this.#params) {
      const { name, in: place, required } = param.schema;
      const given = place === 'path' ? [decoded(texts[this.#inPath.indexOf(name)] as string)] : (search?.getAll(name) ?? []);
      const isList = given.length === 0 && required && resolved(param.schema.schema, this.#options.schema.defs).type === 'array';
      this.#take(param, given.length === 0 && !isList ? undefined : param.read(given), params, issues);
    }
    return params;
  }

  #take({ schema, check, revive, expected }: Param, value: unknown, params: Record<string, unknown>, issues: Issue[]): void {
    const { name, in: place, required } = schema;
    if (value === undefined) {
      if (required) issues.push({ in: place, field: name, expected, got: 'nothing' });
      return;
    }
    const wrong = check(value);
    if (wrong !== null) issues.push(...wrong);
    else
      Object.defineProperty(params, name, {
        value: revive === null ? value : revive(value),
        enumerable: true,
        writable: true,
        configurable: true,
      });
  }
}

/** @throws NBS_BAD_PATH */
function decoded(text: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch (error) {
    throw aboutInput(BadPath({}, error));
  }
}

function bytesAs(name: string, buffer: ArrayBuffer, type: string): unknown {
  if (name === 'ArrayBuffer') return buffer;
  if (name === 'Buffer') return Buffer.from(buffer);
  if (name === 'Uint8ClampedArray') return new Uint8ClampedArray(buffer);
  if (name === 'Uint8Array') return new Uint8Array(buffer);
  return name === 'File' ? new File([new Uint8Array(buffer)], 'body', { type }) : new Blob([new Uint8Array(buffer)], { type });
}

/** Returns the result for the one item that a batched method was called with. */
function oneOf(given: unknown): unknown {
  if (typeof (given as AsyncIterable<readonly unknown[]>)[Symbol.asyncIterator] === 'function')
    return itemsOf(given as AsyncIterable<readonly unknown[]>);
  return (given as Promise<readonly unknown[]>).then(([result]) => result);
}

async function* itemsOf(lists: AsyncIterable<readonly unknown[]>): AsyncGenerator<unknown> {
  for await (const [item] of lists) if (item !== undefined) yield item;
}
