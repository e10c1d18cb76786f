import { aboutInput, isAnyResponse, type NbserveError } from '../../core/index.js';
import { decodeValue, encodeItem, encodeValue, type IncomingCall, readBody, type ValueCodec } from '../../ipc/index.js';
import { isResponse, readPassed, sendableResponse } from '../handle/index.js';
import type { AnswerHead, MethodCallHead } from '../protocol/index.js';
import { badBody, notObject } from './bad-body.js';
import type { LazyRequest } from './lazy-request.js';
import { takeRequests } from './sent-request.js';
import { iteratorOf, type TaskHost } from './user-task.js';
import { ValueTask } from './value-task.js';

type Method = (...args: unknown[]) => unknown;

/** A call of a method through a handle. */
export class MethodTask extends ValueTask {
  readonly #head: MethodCallHead;
  /** Those in the arguments, as a node of a graph has them. */
  #requests: readonly LazyRequest[] = NO_REQUESTS;
  /** Set while answers of other calls that are among its arguments are read. */
  #reading: AbortController | null = null;

  constructor(host: TaskHost, call: IncomingCall, head: MethodCallHead) {
    super(host, call, head);
    this.#head = head;
  }

  run(method: Method): void {
    if (!this.begin()) return;
    if (!this.call.streaming) this.#invoke(method, this.call.body);
    else {
      readBody(this.call).then(
        (body) => this.#invoke(method, body),
        (error) => this.fail(error),
      );
    }
  }

  protected override workName(): string {
    return `method ${this.#head.method}`;
  }

  protected override onCancelled(reason: string): void {
    this.#reading?.abort(reason);
    for (const request of this.#requests) request.abort(reason);
  }

  #invoke(method: Method, body: Uint8Array | null): void {
    if (this.#head.passed === true) {
      this.#reading = new AbortController();
      readPassed(body, this.#reading.signal, (bytes, codec) => this.#decode(bytes, codec)).then(
        (args) => this.#enter(method, args),
        (error) => this.fail(error),
      );
      return;
    }
    let args: unknown[];
    try {
      // This comes before the context is entered, because a handle in the arguments makes the context necessary.
      args = body === null ? [] : (this.#decode(body) as unknown[]);
    } catch (error) {
      this.fail(error);
      return;
    } finally {
      this.call.freeBody();
    }
    this.#enter(method, args);
  }

  #decode(bytes: Uint8Array, codec?: ValueCodec): unknown {
    try {
      return decodeValue(bytes, codec);
    } finally {
      this.#requests = takeRequests();
    }
  }

  #enter(method: Method, args: readonly unknown[]): void {
    this.#reading = null;
    // The call may have been cancelled while the arguments arrived.
    if (this.call.cancelled) {
      this.end();
      return;
    }
    this.enter(this.#head.modelId ?? '', this.#head, () => this.invoke(() => method(...args)));
  }

  protected override answer(value: unknown): void {
    if (isResponse(value)) {
      sendableResponse(value).then(
        (sendable) => this.answer(sendable),
        (error) => this.fail(error),
      );
      return;
    }
    const iterator = iteratorOf(value);
    if (iterator !== null) {
      this.#stream(iterator).then(
        () => this.end(),
        (error) => this.fail(error),
      );
      return;
    }
    if (!this.call.keep || !this.#keep(value)) {
      this.call.reply(value, { kind: 'value', queue: this.host.ongoing } satisfies AnswerHead);
    }
    this.end();
  }

  /** Keeps the answer here, for the call to which the caller passes it on. Returns false if it must go to the caller. */
  #keep(value: unknown): boolean {
    const { call, host } = this;
    let bytes: Uint8Array;
    try {
      bytes = encodeValue(value, { root: 'result' });
    } catch {
      return false; // `reply` answers with the error.
    }
    const kept = host.keep(bytes, call);
    if (kept !== null) call.respond({ kind: 'kept', kept, queue: host.ongoing } satisfies AnswerHead);
    else call.respond({ kind: 'value', queue: host.ongoing } satisfies AnswerHead, bytes, true, true);
    return true;
  }

  async #stream(iterator: Parameters<ValueTask['sendAll']>[0]): Promise<void> {
    const { call } = this;
    const head = { kind: 'items', queue: this.host.ongoing } as const;
    const some = await this.sendAll(iterator, encodeItem, () => call.respond(head));
    if (some) call.end();
    else call.respond(head, undefined, true);
  }

  protected override fail(error: unknown): void {
    this.call.fail(isAnyResponse(error) ? responseError(error) : (this.#badRequest(error) ?? error));
    this.end();
  }

  /** The error about the body of a request that is an argument, as in a graph; otherwise null. It is a coded one, because no mark leaves this process. */
  #badRequest(thrown: unknown): NbserveError | null {
    const bad = badBody(thrown);
    if (bad !== null) return aboutInput(bad);
    const request = this.#requests.find(({ simpleBody }) => simpleBody !== null);
    const refusal = request === undefined ? null : notObject(thrown, request.simpleBody);
    if (refusal === null) return null;
    // The TypeError may be a fault of the code, too.
    console.error(`${this.workName()} failed: ${refusal.stack ?? refusal.message}`);
    return aboutInput(refusal);
  }
}

const NO_REQUESTS: readonly LazyRequest[] = [];

/** A Response cannot be thrown through a handle. If it was meant to end the request, only its status counts. */
function responseError({ status, statusText }: Response): Error {
  return Object.assign(new Error(`a Response with status ${status}${statusText === '' ? '' : ` (${statusText})`} was thrown`), {
    status,
  });
}
