import type { IncomingCall } from '../../ipc/index.js';
import type { HttpCallHead } from '../protocol/index.js';
import { markBadBody } from './bad-body.js';
import { fitHeaders } from './decoded-response.js';
import { BodyNotPassedOn } from './errors.js';
import { RequestBody } from './request-body.js';

/** Node's own; loading the web classes takes 20 ms, so that waits until `installRequest`. */
let NativeRequest: typeof globalThis.Request;

/**
 * The `Request` that a deployment's `fetch` gets. Reading a small body as JSON or text builds nothing; whatever else is asked for builds the
 * real request behind it. It passes `instanceof Request`, and as an argument of `new Request` and `fetch` (see `installRequest`).
 *
 * Clients may send a body with any method, and it can be read here whatever the method is. The fetch standard has none for GET and HEAD: behind such
 * a request with a body stands a real one that says POST, which can be read and not passed on.
 */
export class LazyRequest {
  readonly #call: IncomingCall;
  readonly #head: HttpCallHead;
  readonly #bytes: Uint8Array | null;
  #url: string | null = null;
  #query: Record<string, string> | null = null;
  #headers: Headers | null = null;
  #abort: AbortController | null = null;
  #aborted: DOMException | null = null;
  #body: RequestBody | null = null;
  #used = false;
  #real: Request | null = null;

  constructor(call: IncomingCall, head: HttpCallHead, real: Request | null = null) {
    this.#call = call;
    this.#head = head;
    this.#bytes = call.body;
    this.#real = real;
  }

  get method(): string {
    return this.#head.method;
  }

  get url(): string {
    this.#url ??= `http://${this.#head.host}${this.#head.url}`;
    return this.#url;
  }

  /** The URL's query, the first value of each name. */
  get query(): Record<string, string> {
    this.#query ??= parseQuery(this.#head.url);
    return this.#query;
  }

  get headers(): Headers {
    if (this.#real !== null) return this.#real.headers;
    this.#headers ??= buildHeaders(this.#head);
    return this.#headers;
  }

  get signal(): AbortSignal {
    if (this.#abort === null) {
      this.#abort = new AbortController();
      if (this.#aborted !== null) this.#abort.abort(this.#aborted);
    }
    return this.#abort.signal;
  }

  get bodyUsed(): boolean {
    return this.#real?.bodyUsed ?? this.#used;
  }

  get body(): ReadableStream<Uint8Array> | null {
    return this.#source().body as ReadableStream<Uint8Array> | null;
  }

  async json(): Promise<unknown> {
    const text = await this.text();
    try {
      return JSON.parse(text);
    } catch (error) {
      throw markBadBody(error, 'json');
    }
  }

  async text(): Promise<string> {
    const bytes = this.#take();
    if (bytes === null) return this.#source().text();
    if (bytes.length === 0) return '';
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();
    // As TextDecoder does.
    return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    const bytes = this.#take();
    return bytes === null ? this.#source().arrayBuffer() : (new Uint8Array(bytes).buffer as ArrayBuffer);
  }

  async bytes(): Promise<Uint8Array> {
    return new Uint8Array(await this.arrayBuffer());
  }

  // Asynchronous so that a used body rejects, as it does in a real request.
  async blob(): Promise<Blob> {
    return this.#source().blob();
  }

  async formData(): Promise<FormData> {
    const source = this.#source();
    const readable = !source.bodyUsed;
    try {
      return await source.formData();
    } catch (error) {
      // A body that is used up, or that stopped coming, says nothing of the form.
      throw readable && !this.#call.cancelled ? markBadBody(error, 'form') : error;
    }
  }

  clone(): Request {
    if (this.bodyUsed) throw new TypeError('Request.clone: Body has already been consumed.');
    if (this.#real === null && !this.#call.streaming) return new LazyRequest(this.#call, this.#head) as unknown as Request;
    return new LazyRequest(this.#call, this.#head, this.#source().clone() as Request) as unknown as Request;
  }

  /** The real request, to be passed on with the method in `init` or its own. @throws NBS_BODY_NOT_PASSED_ON */
  toReal(init?: { readonly method?: unknown }): Request {
    const keepsMethod = init?.method === undefined;
    if (keepsMethod && (this.#hasHiddenBody || UNREAL.has(this.method))) throw BodyNotPassedOn({ method: this.method });
    return this.#source();
  }

  /** What a real request says of itself beside its method. Not for user code. */
  property(name: string): unknown {
    return (this.#source() as unknown as Record<string, unknown>)[name];
  }

  /** The request that is read from, built once. */
  #source(): Request {
    this.#real ??= this.#build();
    return this.#real;
  }

  /** It has a body, or may have one, that the standard does not allow. */
  get #hasHiddenBody(): boolean {
    return BODYLESS.has(this.method) && (this.#call.streaming || this.#bytes !== null);
  }

  [Symbol.for('nodejs.util.inspect.custom')](
    _depth: number,
    options: object,
    inspect: (value: unknown, options: object) => string,
  ): string {
    const { method, url, query } = this;
    return `Request ${inspect({ method, url, query, headers: Object.fromEntries(this.headers), bodyUsed: this.bodyUsed }, options)}`;
  }

  /** The client left, or the deadline passed. Not for user code. */
  abort(reason: string): void {
    this.#aborted = new DOMException(reason, 'AbortError');
    this.#abort?.abort(this.#aborted);
  }

  /** The request was answered. Not for user code. */
  answered(): void {
    this.#body?.stop();
  }

  /** The whole body, marked as used; `null` where the real request has to be asked. */
  #take(): Uint8Array | null {
    if (this.#real !== null || this.#call.streaming) return null;
    if (this.#used) throw new TypeError('Body is unusable: Body has already been read');
    this.#used = this.#bytes !== null;
    return this.#bytes ?? NO_BYTES;
  }

  #build(): Request {
    const method = this.#hasHiddenBody || UNREAL.has(this.method) ? 'POST' : this.method;
    const init: RequestInit & { duplex?: 'half' } = { method, headers: this.headers, signal: this.signal };
    if (this.#call.streaming) {
      this.#body = new RequestBody(this.#call);
      init.body = this.#body.stream;
      init.duplex = 'half';
    } else if (this.#bytes !== null) init.body = new Uint8Array(this.#bytes);
    const real = new NativeRequest(this.url, init);
    // Reading the lazy one first and then the real one must fail as reading twice does.
    if (this.#used) void real.arrayBuffer();
    return real as Request;
  }
}

/** The fetch standard has no body for these, */
const BODYLESS = new Set(['GET', 'HEAD']);
/** and no request at all with these. */
const UNREAL = new Set(['CONNECT', 'TRACE', 'TRACK']);
const NO_BYTES = new Uint8Array(0);

function buildHeaders({ headers: flat, requestId }: HttpCallHead): Headers {
  const headers = new Headers();
  for (let i = 0; i < flat.length; i += 2) headers.append(flat[i] as string, flat[i + 1] as string);
  if (!headers.has('x-request-id')) headers.set('x-request-id', requestId);
  return headers;
}

function parseQuery(url: string): Record<string, string> {
  const at = url.indexOf('?');
  if (at < 0) return {};
  const query: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(url.slice(at + 1))) {
    // Defined, not assigned: a parameter may be called __proto__.
    if (!Object.hasOwn(query, name))
      Object.defineProperty(query, name, { value, enumerable: true, configurable: true, writable: true });
  }
  return query;
}

let installed = false;

/** Makes lazy requests pass for real ones in this process. */
export function installRequest(): void {
  if (installed) return;
  installed = true;
  NativeRequest = globalThis.Request;
  const native = NativeRequest.prototype as unknown as Record<string, unknown>;
  for (const name of Object.getOwnPropertyNames(native)) {
    if (name in LazyRequest.prototype) continue;
    Object.defineProperty(LazyRequest.prototype, name, {
      get(this: LazyRequest) {
        return this.property(name);
      },
      configurable: true,
    });
  }
  Object.setPrototypeOf(LazyRequest.prototype, NativeRequest.prototype);
  const unwrap = ([first, init, ...rest]: unknown[]): unknown[] => [
    first instanceof LazyRequest ? first.toReal(init as RequestInit | undefined) : first,
    init,
    ...rest,
  ];
  globalThis.Request = new Proxy(NativeRequest, {
    construct: (target, args, newTarget) => Reflect.construct(target, unwrap(args), newTarget) as object,
  });
  const nativeFetch = globalThis.fetch;
  globalThis.fetch = async function fetch(...args) {
    return fitHeaders(await nativeFetch(...(unwrap(args) as Parameters<typeof nativeFetch>)));
  };
}
