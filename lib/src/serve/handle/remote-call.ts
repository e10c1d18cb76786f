import { deferred } from '../../core/index.js';
import { AnswerBody, encodeValue, type OutgoingCall, type ResponseSink } from '../../ipc/index.js';
import { type NestedCall, type RequestContext, requestContext } from '../context/index.js';
import type { AnswerHead, HandleRef, MethodCallHead } from '../protocol/index.js';
import type { DeadlineLimit } from '../router/index.js';
import { callerNow } from './callers.js';
import { handleContext, routeKey } from './context.js';
import { NotAStream, RequestCancelled } from './errors.js';
import { ItemStream } from './item-stream.js';

const REQUEST_PREFIX = `${process.pid.toString(36)}-${Date.now().toString(36)}`;
let requestCount = 0;

export interface RemoteCallOptions {
  readonly timeoutMs?: number;
  /** @default the priority of the request that makes the call */
  readonly priority?: 'interactive' | 'batch';
  /** Model that the call is for. */
  readonly modelId?: string;
}

/**
 * One call of a method: a promise of its value, or the stream of its items. Only the answer of the replica tells which of the two it is, so one
 * object is both. The types of the handle show the one that fits the method.
 */
export class RemoteCall implements Promise<unknown>, AsyncIterable<unknown>, ResponseSink, NestedCall {
  readonly [Symbol.toStringTag] = 'DeploymentResponse';
  readonly #ref: HandleRef;
  readonly #method: string;
  readonly #result = deferred<unknown>();
  #outgoing: OutgoingCall | null = null;
  #stream: ItemStream | null = null;
  readonly #body: AnswerBody;
  #observed = false;
  #cancelled = false;
  readonly #options: RemoteCallOptions;
  /** The request that user code was working on when it made the call. */
  readonly #request: RequestContext | null;
  readonly #caller: string | undefined;

  constructor(ref: HandleRef, method: string, args: readonly unknown[], options: RemoteCallOptions) {
    this.#ref = ref;
    this.#method = method;
    this.#body = new AnswerBody(`${ref.app}/${ref.deployment}.${method}`);
    this.#options = options;
    this.#result.promise.catch((error: unknown) => this.#reportUnobserved(error));
    this.#request = requestContext();
    this.#caller = this.#request === null ? callerNow() : this.#request.caller;
    this.#request?.follow(this);
    if (this.#cancelled) return;
    if (args.some((arg) => arg instanceof RemoteCall)) this.#sendWhenResolved(args);
    else this.#send(args);
  }

  // biome-ignore lint/suspicious/noThenProperty: a response is a promise
  then<A = unknown, B = never>(
    onFulfilled?: ((value: unknown) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.#observed = true;
    return this.#result.promise.then(onFulfilled, onRejected);
  }

  catch<B = never>(onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null): Promise<unknown> {
    return this.then(null, onRejected);
  }

  finally(onFinally?: (() => void) | null): Promise<unknown> {
    this.#observed = true;
    return this.#result.promise.finally(onFinally);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<unknown> {
    const stream = await this;
    if (!(stream instanceof ItemStream)) throw NotAStream({ method: this.#method, deployment: this.#ref.deployment });
    yield* stream;
  }

  cancel(): void {
    this.#cancel('by the caller');
  }

  onRequestCancelled(reason: string): void {
    this.#cancel(`so was the request that made it: ${reason}`);
  }

  onHead(head: AnswerHead): void {
    if (head.kind !== 'items') return;
    this.#stream = new ItemStream(
      (bytes) => this.#outgoing?.consumed(bytes),
      () => {
        this.#request?.unfollow(this);
        this.#outgoing?.cancel('the reader left');
      },
    );
    this.#result.resolve(this.#stream);
  }

  onData(chunk: Uint8Array): void {
    if (this.#stream !== null) {
      this.#stream.push(chunk);
      return;
    }
    const fault = this.#body.push(chunk);
    if (fault === null) this.#outgoing?.consumed(chunk.length);
    else {
      this.#outgoing?.cancel('the answer is too large');
      this.onError(fault);
    }
  }

  onEnd(): void {
    this.#request?.unfollow(this);
    if (this.#stream !== null) {
      this.#stream.end();
      return;
    }
    try {
      this.#result.resolve(this.#body.value());
    } catch (error) {
      this.#result.reject(error as Error);
    }
  }

  onError(error: Error): void {
    this.#request?.unfollow(this);
    if (this.#stream !== null) this.#stream.fail(error);
    else this.#result.reject(error);
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return `DeploymentResponse(${this.#ref.app}/${this.#ref.deployment}.${this.#method}) — await it for its value`;
  }

  /** What is left of the deadline of the request that made the call. */
  get #limit(): DeadlineLimit | null {
    if (this.#request === null || this.#request.expiresAt === Number.POSITIVE_INFINITY) return null;
    return { leftMs: this.#request.expiresAt - performance.now(), of: this.#request.deadlineOf };
  }

  #cancel(reason: string): void {
    if (this.#cancelled) return;
    this.#cancelled = true;
    this.#outgoing?.cancel(`cancelled ${reason}`);
    this.onError(RequestCancelled({ deployment: this.#ref.deployment, reason }));
  }

  #sendWhenResolved(args: readonly unknown[]): void {
    // This call waits for its arguments, and fails if one of them does.
    for (const arg of args) if (arg instanceof RemoteCall) arg.#observed = true;
    Promise.all(args.map((arg) => (arg instanceof RemoteCall ? arg.#result.promise : arg))).then(
      (resolved) => {
        if (!this.#cancelled) this.#send(resolved);
      },
      (error: Error) => this.onError(error),
    );
  }

  #send(args: readonly unknown[]): void {
    try {
      const body = encodeValue(args);
      requestCount += 1;
      const requestId = `${REQUEST_PREFIX}-${requestCount.toString(36)}`;
      const { timeoutMs, modelId, priority = this.#request?.priority } = this.#options;
      const head: MethodCallHead = {
        kind: 'method',
        method: this.#method,
        requestId,
        ...(this.#caller === undefined ? {} : { caller: this.#caller }),
        ...(modelId === undefined ? {} : { modelId }),
        ...(priority === 'batch' ? { priority } : {}),
      };
      const limit = this.#limit;
      this.#outgoing = handleContext().router.dispatch({
        key: routeKey(this.#ref),
        method: this.#method,
        head,
        body,
        sink: this,
        ...(timeoutMs === undefined ? {} : { timeoutMs }),
        ...(limit === null ? {} : { limit }),
      });
    } catch (error) {
      this.onError(error as Error);
    }
  }

  // A call that nobody awaits must not end the process, as an unhandled rejection would. Its error is printed to stderr instead.
  #reportUnobserved(error: unknown): void {
    setImmediate(() => {
      if (this.#observed || this.#cancelled) return;
      console.error(`${this.#ref.deployment}.${this.#method}.remote(…) failed and was not awaited:`, error);
    });
  }
}
