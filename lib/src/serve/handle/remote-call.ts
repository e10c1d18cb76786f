import { deferred, type ValueExtension } from '../../core/index.js';
import { AnswerBody, type OutgoingCall } from '../../ipc/index.js';
import { type NestedCall, type RequestContext, requestContext } from '../context/index.js';
import type { AnswerHead, HandleRef, KeptAnswer, MethodCallHead, PassedAnswer } from '../protocol/index.js';
import { type AnswerSink, type DeadlineLimit, RequestTimeout } from '../router/index.js';
import { AnswerSources } from './answer-sources.js';
import { callerNow, isDebugged } from './callers.js';
import { contextOf, routeKey } from './context.js';
import { AnswerReleased, NotAStream, RequestCancelled, ResponseNotAwaited, StreamPassed } from './errors.js';
import { ItemStream } from './item-stream.js';
import { argsCodec, encodeArgs, valueFrom, withAnswers } from './passed-args.js';
import { PassedResponse } from './passed-response.js';

const REQUEST_PREFIX = `${process.pid.toString(36)}-${Date.now().toString(36)}`;
let requestCount = 0;

export interface RemoteCallOptions {
  readonly timeoutMs?: number;
  /** @default the priority of the request that makes the call */
  readonly priority?: 'interactive' | 'batch';
  /** Model that the call is for. */
  readonly modelId?: string;
  /** Calls with the same key go to the same replica. */
  readonly affinity?: string;
  /** Changes an error of the call itself, not one of its arguments. */
  readonly mapError?: (error: Error) => Error;
}

/**
 * One call of a method: a promise of its value, or the stream of its items. Only the answer of the replica tells which of the two it is, so one
 * object is both. The types of the handle show the one that fits the method.
 */
export class RemoteCall implements Promise<unknown>, AsyncIterable<unknown>, AnswerSink, NestedCall {
  /** Runs no code of users, also if the value is a proxy. */
  static readonly is = (value: object): value is RemoteCall => #outgoing in value;
  readonly [Symbol.toStringTag] = 'DeploymentResponse';
  readonly #ref: HandleRef;
  readonly #method: string;
  readonly #result = deferred<unknown>();
  #outgoing: OutgoingCall | null = null;
  #stream: ItemStream | null = null;
  readonly #body: AnswerBody;
  /** True if somebody awaits it here. */
  #wanted = false;
  #cancelled = false;
  /** True if it has an answer or an error, so that nothing of it is left to do. */
  #settled = false;
  /** Set if it was passed to other calls. */
  #passed: PassedResponse | null = null;
  /** Gets the value for those who await it here, if nobody did when it arrived. */
  #later: (() => void) | null = null;
  /** Set if the answers of other calls are among the arguments. */
  #sources: AnswerSources | null = null;
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
    this.#caller = this.#request === null ? callerNow(ref.app) : this.#request.caller;
    this.#request?.follow(this);
    if (!this.#cancelled) this.#begin(args);
  }

  // biome-ignore lint/suspicious/noThenProperty: a response is a promise
  then<A = unknown, B = never>(
    onFulfilled?: ((value: unknown) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.#want();
    return this.#result.promise.then(onFulfilled, onRejected);
  }

  catch<B = never>(onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null): Promise<unknown> {
    return this.then(null, onRejected);
  }

  finally(onFinally?: (() => void) | null): Promise<unknown> {
    this.#want();
    return this.#result.promise.finally(onFinally);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<unknown> {
    const stream = await this;
    if (!(stream instanceof ItemStream)) throw NotAStream(this.#names);
    yield* stream;
  }

  cancel(): void {
    this.#cancel('by the caller');
  }

  onRequestCancelled(reason: string): void {
    this.#cancel(`so was the request that made it: ${reason}`);
  }

  /** The answer for another call, which calls `drop` when it has ended. */
  pass(): Promise<PassedAnswer> {
    if (this.#passed === null) {
      this.#passed = new PassedResponse({
        unneeded: () => {
          if (!this.#wanted) this.#cancel('no call needs its answer any more');
        },
        letGo: () => this.#letGo(),
      });
      if (this.#stream !== null) this.#passed.failed(StreamPassed(this.#names));
      else if (this.#settled) void this.#passed.settledBy(this.#result.promise);
      // If it is awaited here too, its value comes here in any case.
      else if (!this.#wanted) this.#outgoing?.keep?.();
    }
    return this.#passed.take();
  }

  drop(): void {
    this.#passed?.drop();
  }

  onLeaving(): void {
    this.#passed?.onLeaving();
  }

  onHead(head: AnswerHead): void {
    if (head.kind === 'kept') this.#onKept(head.kept);
    if (head.kind !== 'items') return;
    this.#endSources();
    this.#passed?.failed(StreamPassed(this.#names));
    this.#stream = new ItemStream(
      (bytes) => this.#outgoing?.consumed(bytes),
      () => {
        this.#settle();
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
    this.#settle();
    if (this.#stream !== null) {
      this.#stream.end();
      return;
    }
    const bytes = this.#body.take();
    this.#passed?.arrived(bytes);
    if (this.#passed !== null && !this.#wanted) this.#later = () => this.#resolveWith(bytes);
    else this.#resolveWith(bytes);
  }

  /** An error of the call itself. */
  onError(error: Error): void {
    this.#fail(this.#options.mapError?.(error) ?? error);
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return `DeploymentResponse(${this.#ref.app}/${this.#ref.deployment}.${this.#method}) — await it for its value`;
  }

  get #names() {
    return { method: this.#method, deployment: this.#ref.deployment };
  }

  /** What is left of the deadline of the request that made the call. */
  get #limit(): DeadlineLimit | null {
    if (this.#request === null || this.#request.expiresAt === Number.POSITIVE_INFINITY) return null;
    return { leftMs: this.#request.expiresAt - performance.now(), of: this.#request.deadlineOf };
  }

  #want(): void {
    if (this.#wanted) return;
    this.#wanted = true;
    const later = this.#later;
    this.#later = null;
    later?.();
  }

  #onKept(kept: KeptAnswer): void {
    this.#settle();
    this.#passed?.keptAt(kept);
    this.#later = () => {
      const reading = contextOf(this.#ref.app).router.readKept(kept);
      // Until it is here, the replica must keep it.
      this.#passed?.hold();
      reading
        .then(
          (bytes) => this.#resolveWith(bytes),
          (error: Error) => this.#result.reject(error),
        )
        .finally(() => this.#passed?.drop());
    };
    if (!this.#wanted) return;
    this.#later();
    this.#later = null;
  }

  /** The replica no longer keeps the answer for this call. */
  #letGo(): void {
    this.#outgoing?.cancel('the answer is no longer needed');
    this.#passed?.failed(AnswerReleased(this.#names));
    if (this.#later !== null) this.#later = () => this.#result.reject(AnswerReleased(this.#names));
  }

  notAwaited(): Error {
    return ResponseNotAwaited(this.#names);
  }

  #resolveWith(bytes: Uint8Array): void {
    try {
      this.#result.resolve(valueFrom(bytes));
    } catch (error) {
      this.#result.reject(error as Error);
    }
  }

  #settle(): void {
    this.#settled = true;
    this.#request?.unfollow(this);
    this.#endSources();
  }

  #endSources(): void {
    this.#sources?.end();
    this.#sources = null;
  }

  #fail(error: Error): void {
    this.#passed?.failed(error);
    if (this.#stream !== null) this.#stream.fail(error);
    else this.#result.reject(error);
    this.#settle();
  }

  #cancel(reason: string): void {
    if (this.#cancelled || this.#settled) return;
    this.#cancelled = true;
    this.#outgoing?.cancel(`cancelled ${reason}`);
    this.#fail(RequestCancelled({ deployment: this.#ref.deployment, reason }));
  }

  #begin(args: readonly unknown[]): void {
    try {
      const { bytes, responses } = encodeArgs(args, CODEC);
      if (responses.length === 0) this.#send(bytes, this.#options.timeoutMs);
      else this.#sendWhenAnswered(bytes, responses);
    } catch (error) {
      this.onError(error as Error);
    }
  }

  /** This call waits for its arguments, and fails if one of them does. */
  #sendWhenAnswered(args: Uint8Array, calls: readonly RemoteCall[]): void {
    const sources = new AnswerSources(calls);
    this.#sources = sources;
    sources
      .take(this.#options.timeoutMs, (timeoutMs) => this.onError(this.#timedOut(timeoutMs)))
      .then(
        ({ answers, leftMs }) => {
          if (this.#settled) return;
          try {
            this.#send(withAnswers(args, answers), leftMs, true);
          } catch (error) {
            this.onError(error as Error);
          }
        },
        (error: Error) => {
          if (!this.#settled) this.#fail(error);
        },
      );
  }

  #timedOut(timeoutMs: number): Error {
    const deployment = `${this.#ref.app}/${this.#ref.deployment}`;
    const deadline = `the timeout of the call to ${deployment}, spent on its arguments`;
    return RequestTimeout({ deployment, timeoutMs, deadline });
  }

  #send(body: Uint8Array, timeoutMs: number | undefined, passed = false): void {
    requestCount += 1;
    const requestId = `${REQUEST_PREFIX}-${requestCount.toString(36)}`;
    const { modelId, affinity, priority = this.#request?.priority } = this.#options;
    const head: MethodCallHead = {
      kind: 'method',
      method: this.#method,
      requestId,
      ...(this.#caller === undefined ? {} : { caller: this.#caller }),
      ...(modelId === undefined ? {} : { modelId }),
      ...(affinity === undefined ? {} : { affinity }),
      ...(priority === 'batch' ? { priority } : {}),
      ...(passed ? { passed } : {}),
    };
    const limit = this.#limit;
    const timeout = isDebugged() && this.#request === null ? null : timeoutMs;
    this.#outgoing = contextOf(this.#ref.app).router.dispatch({
      key: routeKey(this.#ref),
      method: this.#method,
      head,
      body,
      sink: this,
      ...(timeout === undefined ? {} : { timeoutMs: timeout }),
      ...(limit === null ? {} : { limit }),
    });
    // It may have been passed on while it waited for its arguments.
    if (this.#passed !== null && !this.#wanted) this.#outgoing.keep?.();
  }

  // A call that nobody awaits must not end the process, as an unhandled rejection would. Its error is printed to stderr instead.
  #reportUnobserved(error: unknown): void {
    setImmediate(() => {
      if (this.#wanted || this.#passed !== null || this.#cancelled) return;
      console.error(`${this.#ref.deployment}.${this.#method}.remote(…) failed and was not awaited:`, error);
    });
  }
}

const CODEC = argsCodec<RemoteCall>((value) => value instanceof RemoteCall);

/** In a result, a response would arrive as an empty object. @throws NBS_RESPONSE_NOT_AWAITED */
export const unawaitedResponse: ValueExtension<RemoteCall> = {
  name: 'response',
  test: (value) => value instanceof RemoteCall,
  encode: (call) => {
    throw call.notAwaited();
  },
  decode: (wire) => wire as RemoteCall,
};
