import { requestTooLarge } from '../../core/index.js';
import type { IncomingCall } from '../../ipc/index.js';
import type { HttpCallHead } from '../protocol/index.js';
import { type BodyForm, markBadBody } from './bad-body.js';
import { fitHeaders } from './decoded-response.js';
import { BodyNotPassedOn } from './errors.js';
import { RequestBody } from './request-body.js';

/** Node's own class. Loading the web classes takes 20 ms, so this waits until `installRequest`. */
let NativeRequest: typeof globalThis.Request;

/** A request in the form in which it is sent to another replica. */
export class SentRequest {
  constructor(
    readonly head: HttpCallHead,
    readonly body: Uint8Array,
  ) {}
}

/**
 * The `Request` that a deployment's `fetch` gets. If a small body is read as JSON or text, nothing is built. For everything else, the real request
 * behind it is built. It passes `instanceof Request`, and can be an argument of `new Request` and `fetch` (see `installRequest`).
 * Clients may send a body with any method, and user code can read it with any method. The fetch standard allows none for GET and HEAD. So behind such
 * a request there is a real one with the method POST, which can be read but not passed on.
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
  #simple: string | null = null;
  #real: Request | null = null;
  /** The request of which it is a clone. */
  readonly #origin: LazyRequest | null;

  constructor(call: IncomingCall, head: HttpCallHead, real: Request | null = null, origin: LazyRequest | null = null) {
    this.#call = call;
    this.#head = head;
    this.#bytes = call.body;
    this.#real = real;
    this.#origin = origin;
  }

  get method(): string {
    return this.#head.method;
  }

  get url(): string {
    this.#url ??= `${this.#head.secure === true ? 'https' : 'http'}://${this.#head.host}${this.#head.url}`;
    return this.#url;
  }

  /** The query of the URL: the first value of each name. */
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
    if (this.#origin !== null) return this.#origin.signal;
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
      return this.#noted(JSON.parse(text));
    } catch (error) {
      throw markBadBody(error, 'json');
    }
  }

  /** What `json()` of it, or of a copy of it, returned, if that was neither an object nor a list. Not for user code. */
  get simpleBody(): string | null {
    return this.#simple;
  }

  #noted(value: unknown): unknown {
    if (this.#origin !== null) this.#origin.#noted(value);
    else if (value === null || typeof value !== 'object') this.#simple = value === null ? 'null' : `a ${typeof value}`;
    return value;
  }

  async text(): Promise<string> {
    return this.textNow() ?? this.#source().text();
  }

  /** The text of a body that is here as a whole, else `null`. Not for user code. */
  textNow(): string | null {
    const bytes = this.#take();
    if (bytes === null || bytes.length === 0) return bytes === null ? null : '';
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();
    // TextDecoder does the same.
    return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  }

  /** Reads the body. Not for user code. */
  async sendable(): Promise<SentRequest> {
    return new SentRequest(this.#head, await this.bytes());
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    const bytes = this.#take();
    return bytes === null ? this.#source().arrayBuffer() : (new Uint8Array(bytes).buffer as ArrayBuffer);
  }

  async bytes(): Promise<Uint8Array> {
    return new Uint8Array(await this.arrayBuffer());
  }

  // The method is asynchronous so that a used body causes a rejection, as in a real request.
  async blob(): Promise<Blob> {
    return this.#source().blob();
  }

  async formData(): Promise<FormData> {
    const source = this.#source();
    const readable = !source.bodyUsed;
    try {
      return await source.formData();
    } catch (error) {
      // If the body was used before or stopped arriving, this does not mean that its format is wrong.
      throw readable && !this.#call.cancelled ? markBadBody(error, 'form') : error;
    }
  }

  clone(): Request {
    if (this.bodyUsed) throw new TypeError('Request.clone: Body has already been consumed.');
    const real = this.#real === null && !this.#call.streaming ? null : (this.#source().clone() as Request);
    const clone = new LazyRequest(this.#call, this.#head, real, this);
    if (real === null && this.#headers !== null) clone.#headers = new Headers(this.#headers);
    return clone as unknown as Request;
  }

  /** Limits a body of which only the beginning is here; another one is small. Not for user code. @throws NBS_REQUEST_TOO_LARGE */
  limitBody(maxBytes: number): void {
    if (!this.#call.streaming) return;
    if ((this.#head.length ?? 0) > maxBytes) throw requestTooLarge(maxBytes);
    if (this.#origin !== null) this.#origin.limitBody(maxBytes);
    else {
      this.#source();
      this.#body?.limit(maxBytes);
    }
  }

  /** Returns the real request, to be passed on with the method in `init` or its own method. @throws NBS_BODY_NOT_PASSED_ON */
  toReal(init?: { readonly method?: unknown }): Request {
    const keepsMethod = init?.method === undefined;
    if (keepsMethod && (this.#hasHiddenBody || UNREAL.has(this.method))) throw BodyNotPassedOn({ method: this.method });
    return this.#source();
  }

  /**
   * To be called with a request that user code made from this one, and whose body is the client's too: what is wrong with it is the client's error.
   * Not for user code.
   */
  copied(made: Request): Request {
    copies.set(made, this);
    Object.defineProperty(made, 'limitBody', { value: (maxBytes: number) => this.limitBody(maxBytes) });
    const { prototype } = NativeRequest;
    const reader = (read: () => Promise<unknown>, form: BodyForm) => ({
      value: async () => {
        const readable = !made.bodyUsed;
        try {
          return form === 'json' ? this.#noted(await read.call(made)) : await read.call(made);
        } catch (error) {
          throw readable && !this.#call.cancelled ? markBadBody(error, form) : error;
        }
      },
      configurable: true,
      writable: true,
    });
    // A class of the user may have methods of its own.
    if (made.json === prototype.json) Object.defineProperty(made, 'json', reader(prototype.json, 'json'));
    if (made.formData === prototype.formData) Object.defineProperty(made, 'formData', reader(prototype.formData, 'form'));
    if (made.clone === prototype.clone) {
      const value = (): Request => this.copied(prototype.clone.call(made) as Request);
      Object.defineProperty(made, 'clone', { value, configurable: true, writable: true });
    }
    return made;
  }

  /** A property of the real request, other than its method. Not for user code. */
  property(name: string): unknown {
    return (this.#source() as unknown as Record<string, unknown>)[name];
  }

  /** The request from which the body is read; it is built only once. */
  #source(): Request {
    this.#real ??= this.#build();
    return this.#real;
  }

  /** True if it has a body, or may have one, that the standard does not allow. */
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

  /** To be called when the client has left or the deadline has passed. Not for user code. */
  abort(reason: string): void {
    this.#aborted = new DOMException(reason, 'AbortError');
    this.#abort?.abort(this.#aborted);
  }

  /** To be called when the request was answered. Not for user code. */
  answered(): void {
    this.#body?.stop();
  }

  /** The whole body, which is then marked as used; `null` if the real request must be used. */
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
    // If the body was read from this object, reading it from the real request must fail too.
    if (this.#used) void real.arrayBuffer();
    return real as Request;
  }
}

/** Requests that user code made of others: whose body they have. */
const copies = new WeakMap<Request, LazyRequest>();
/** The fetch standard allows no body for these methods. */
const BODYLESS = new Set(['GET', 'HEAD']);
/** The fetch standard allows no request with these methods. */
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
    // The property is defined and not assigned, because a parameter may have the name __proto__.
    if (!Object.hasOwn(query, name))
      Object.defineProperty(query, name, { value, enumerable: true, configurable: true, writable: true });
  }
  return query;
}

let installed = false;

/** Makes lazy requests count as real ones in this process. */
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
    construct: (target, args, newTarget) => {
      const made = Reflect.construct(target, unwrap(args), newTarget) as Request;
      const [first, init] = args as [unknown, RequestInit | undefined];
      const origin = first instanceof LazyRequest ? first : copies.get(first as Request);
      return origin !== undefined && (init?.body ?? null) === null ? origin.copied(made) : made;
    },
  });
  const nativeFetch = globalThis.fetch;
  globalThis.fetch = async function fetch(...args) {
    return fitHeaders(await nativeFetch(...(unwrap(args) as Parameters<typeof nativeFetch>)));
  };
}
