import { isAnyResponse } from '../../core/index.js';
import type { IncomingCall } from '../../ipc/index.js';
import { TypedAnswer, TypedStream } from '../../schemas/index.js';
import { type AnswerHead, type HttpCallHead, modelIdOf } from '../protocol/index.js';
import { notObject } from './bad-body.js';
import { EVENT_STREAM, itemEncoder, jsonAnswer, TEXT, type WholeAnswer, wholeAnswer } from './http-answer.js';
import { httpFailure } from './http-failure.js';
import { LazyRequest } from './lazy-request.js';
import { sendResponse } from './send-response.js';
import type { UserInstance } from './user-instance.js';
import { iteratorOf, type TaskHost } from './user-task.js';
import { ValueTask } from './value-task.js';

const NO_HEADERS: readonly string[] = [];

/** An HTTP request that the user's `fetch` answers. */
export class HttpTask extends ValueTask {
  readonly #head: HttpCallHead;
  readonly #request: LazyRequest;
  #answering = false;

  constructor(host: TaskHost, call: IncomingCall, head: HttpCallHead) {
    super(host, call, head);
    this.#head = head;
    this.#request = new LazyRequest(call, head);
  }

  run(instance: UserInstance): void {
    if (this.begin())
      this.enter(modelIdOf(this.#head.headers), this.#head, () => this.invoke(() => instance.fetch(this.#request, this.#head)));
  }

  protected override workName(): string {
    return `${this.#head.method} ${this.#head.url}`;
  }

  protected override onCancelled(reason: string): void {
    this.#request.abort(reason);
  }

  protected override answer(value: unknown): void {
    this.#answering = true;
    let whole: WholeAnswer | null;
    try {
      whole = value instanceof TypedAnswer ? value : wholeAnswer(value, this.host.label);
      if (whole !== null) {
        this.#respond(whole);
        return;
      }
    } catch (error) {
      this.fail(error);
      return;
    }
    this.#send(value as object).then(
      () => this.#end(),
      (error) => this.fail(error),
    );
  }

  #respond({ status, type, bytes, headers: others = NO_HEADERS }: WholeAnswer): void {
    const headers = type === null ? [...others] : ['content-type', type, 'content-length', String(bytes?.length ?? 0), ...others];
    const body = this.#head.method === 'HEAD' || bytes === null ? undefined : bytes;
    this.call.respond(headOf(status, headers, this.host.ongoing), body, true);
    this.#end();
  }

  /** Sends a Response, a stream, a generator, or an object of a class. */
  async #send(value: object): Promise<void> {
    const { call, host } = this;
    if (isAnyResponse(value)) {
      const { method } = this.#head;
      await sendResponse({ call, method, deployment: host.label, queue: host.ongoing }, value);
      return;
    }
    if (value instanceof Blob) {
      await this.#send(new Response(value));
      return;
    }
    const iterator = iteratorOf(value);
    if (iterator === null) {
      this.#respond(jsonAnswer(value, host.label));
      return;
    }
    const accepts = acceptOf(this.#head.headers);
    let encode: ((item: unknown) => Uint8Array) | null = null;
    let first: Uint8Array | null = null;
    const sendHead = (item: unknown): void => {
      const encoder = itemEncoder(item, accepts, host.label);
      encode = encoder.encode;
      // The item is encoded before the head is sent: if that fails, an error can still be answered.
      first = encode(item);
      const headers = ['content-type', encoder.type, 'cache-control', 'no-cache'];
      // For a HEAD request, this is the whole answer, and the generator ends.
      call.respond(headOf(200, headers, host.ongoing), undefined, this.#head.method === 'HEAD');
    };
    const encodeNext = (item: unknown): Uint8Array => {
      const bytes = first ?? (encode as (item: unknown) => Uint8Array)(item);
      first = null;
      return bytes;
    };
    const some = await this.sendAll(iterator, encodeNext, sendHead);
    if (some) {
      call.end();
      return;
    }
    const emptyType = value instanceof TypedStream ? value.emptyType : TEXT;
    const type = accepts.includes(EVENT_STREAM) ? EVENT_STREAM : emptyType;
    call.respond(headOf(200, ['content-type', type, 'content-length', '0'], host.ongoing), undefined, true);
  }

  protected override fail(thrown: unknown): void {
    if (!this.#answering && isAnyResponse(thrown)) {
      this.answer(thrown);
      return;
    }
    if (!this.call.cancelled) {
      const refusal = notObject(thrown, this.#request.simpleBody);
      const failure = httpFailure(refusal ?? thrown);
      // The TypeError may be a fault of the code, too.
      if (failure.status >= 500 || refusal !== null)
        console.error(`${this.workName()} failed (request ${this.#head.requestId}): ${failure.stack ?? failure.message}`);
      this.call.fail(failure);
    }
    this.#end();
  }

  #end(): void {
    this.#request.answered();
    this.end();
  }
}

/** The request without its wish to speak another protocol, for code that speaks none. */
export function withoutUpgrade({ upgrade, headers, ...head }: HttpCallHead): HttpCallHead {
  const kept = headers.filter((_, i) => !['connection', 'upgrade'].includes((headers[i - (i % 2)] as string).toLowerCase()));
  return { ...head, headers: kept };
}

const headOf = (status: number, headers: string[], queue: number): AnswerHead => ({ kind: 'http', status, headers, queue });

function acceptOf(flat: readonly string[]): string {
  for (let i = 0; i < flat.length; i += 2) if (flat[i]?.toLowerCase() === 'accept') return flat[i + 1] ?? '';
  return '';
}
