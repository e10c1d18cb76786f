import { Readable } from 'node:stream';
import { types } from 'node:util';
import type { IncomingCall } from '../../ipc/index.js';
import type { AnswerHead } from '../protocol/index.js';
import { fittingHeaders } from './decoded-response.js';
import { InvalidResponse } from './errors.js';
import { drained } from './user-task.js';
import { textOf } from './web-response.js';

/** A body of up to this many bytes that is available at once is sent in one piece, with its length. */
const WHOLE_LIMIT_BYTES = 1024 * 1024;

/** What `sendResponse` needs from its task. */
export interface ResponseContext {
  readonly call: IncomingCall;
  readonly method: string;
  /** `app/deployment`. */
  readonly deployment: string;
  readonly queue: number;
}

/**
 * Sends a web-standard Response: in one piece if its body is available at once, otherwise piece by piece.
 * @throws NBS_INVALID_RESPONSE if HTTP does not allow it, or if the length of the body differs from its content-length
 */
export async function sendResponse(context: ResponseContext, response: Response): Promise<void> {
  const { call, method, deployment, queue } = context;
  const { status, body } = response;
  // A Response that user code made has an empty url.
  const headers = response.url ? await fittingHeaders(response) : response.headers;
  const fault = faultOf(status, headers);
  if (fault !== null) throw InvalidResponse({ deployment, reason: fault });
  const headOf = (length: number | null): AnswerHead => ({
    kind: 'http',
    status,
    headers: sentHeaders(headers, status, length),
    queue,
  });
  const text = textOf(response);
  const isHead = method === 'HEAD';
  // Another server's answer to HEAD names the length of a body that it does not have.
  if (body === null || (isHead && response.url)) {
    // This is not awaited, because user code may take long to stop.
    if (body !== null) cancelBody(body);
    call.respond(headOf(isHead || WITHOUT_BODY.has(status) ? null : 0), undefined, true);
    return;
  }
  if (text !== undefined) {
    const bytes = Buffer.from(text);
    call.respond(headOf(bytes.length), isHead ? undefined : bytes, true);
    return;
  }
  const sender = new BodySender(context, readerOf(body));
  if (isHead) await sender.sendHead(headOf);
  else await sender.send(headOf, declaredLength(headers));
}

type Read = Awaited<ReturnType<ReadableStreamDefaultReader<Uint8Array>['read']>>;
type Reader = Pick<ReadableStreamDefaultReader<Uint8Array>, 'read' | 'cancel'>;

/** Sends a body that must be read. */
class BodySender {
  readonly #context: ResponseContext;
  readonly #reader: Reader;
  #declared: number | null = null;
  #length = 0;

  constructor(context: ResponseContext, reader: Reader) {
    this.#context = context;
    this.#reader = reader;
    const { call } = context;
    const leave = call.onCancel;
    call.onCancel = (reason) => {
      leave?.(reason);
      this.#cancel(reason);
    };
  }

  /** @param declared the content-length of the Response; it is used for a body that is sent piece by piece */
  async send(headOf: (length: number | null) => AnswerHead, declared: number | null): Promise<void> {
    const { call } = this.#context;
    try {
      const { chunks, next } = await this.#readReady();
      if (next === null) {
        const bytes = chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks);
        call.respond(headOf(bytes.length), bytes, true);
        return;
      }
      this.#declared = declared;
      this.#checkLength(false);
      call.respond(headOf(null));
      for (const chunk of chunks) call.write(chunk);
      await this.#sendRest(next);
    } catch (error) {
      this.#cancel('the answer was given up');
      throw error;
    }
  }

  /** Answers HEAD: with the length of the body if that is available at once, as for GET. */
  async sendHead(headOf: (length: number | null) => AnswerHead): Promise<void> {
    try {
      const { next } = await this.#readReady();
      this.#context.call.respond(headOf(next === null ? this.#length : null), undefined, true);
    } finally {
      this.#cancel('a HEAD request gets no body');
    }
  }

  async #sendRest(first: Promise<Read>): Promise<void> {
    const { call } = this.#context;
    for (let pending = first; ; pending = this.#reader.read()) {
      const { done, value } = await pending;
      if (done) break;
      if (call.done) return;
      this.#count(value);
      this.#checkLength(false);
      if (!call.write(value)) await drained(call);
    }
    this.#checkLength(true);
    call.end();
  }

  /** Reads what is available without waiting for anything outside. `next` is null if that was everything; otherwise it is the read that waits. */
  async #readReady(): Promise<{ chunks: Uint8Array[]; next: Promise<Read> | null }> {
    const chunks: Uint8Array[] = [];
    for (;;) {
      const read = this.#reader.read();
      const result = await Promise.race([read, nextTurn()]);
      if (result === null || this.#length > WHOLE_LIMIT_BYTES) return { chunks, next: read };
      if (result.done) return { chunks, next: null };
      this.#count(result.value);
      chunks.push(result.value);
    }
  }

  #count(chunk: unknown): void {
    if (!types.isUint8Array(chunk)) {
      const { deployment } = this.#context;
      throw InvalidResponse({ deployment, reason: `its body gave a ${typeof chunk}; the pieces of a body are Uint8Arrays` });
    }
    this.#length += chunk.length;
  }

  /** A client would read surplus bytes as the next answer, and would wait for missing ones. So such an answer is broken off. */
  #checkLength(ended: boolean): void {
    const declared = this.#declared;
    if (declared === null || (ended ? this.#length === declared : this.#length <= declared)) return;
    const { deployment } = this.#context;
    const found = ended ? String(this.#length) : `${this.#length} or more`;
    throw InvalidResponse({
      deployment,
      reason: `its content-length is ${declared} and its body has ${found} bytes; leave that header out`,
    });
  }

  #cancel(reason: string): void {
    this.#reader.cancel(reason).catch(() => {});
  }
}

const nextTurn = (): Promise<null> => new Promise((resolve) => setImmediate(resolve, null));

/** The body of another implementation may be a stream of Node's. */
function readerOf(body: ReadableStream<Uint8Array>): Reader {
  if (typeof body.getReader === 'function') return body.getReader();
  return Readable.toWeb(Readable.from(body as AsyncIterable<Uint8Array>)).getReader() as Reader;
}

function cancelBody(body: ReadableStream<Uint8Array>): void {
  if (typeof body.cancel === 'function') body.cancel().catch(() => {});
  else (body as unknown as { destroy?(): void }).destroy?.();
}

/** The reason why the Response cannot be sent as it is, or null. */
function faultOf(status: number, headers: Headers): string | null {
  if (!Number.isInteger(status) || status < 200 || status > 599) return `its status is ${status}`;
  if (status !== 206 || headers.has('content-range') || headers.get('content-type')?.startsWith('multipart/byteranges'))
    return null;
  return 'it is a part (206) and has no content-range; if it came from fetch, which decoded it, ask there with accept-encoding: identity';
}

function declaredLength(headers: Headers): number | null {
  const given = headers.get('content-length');
  return given === null || !DIGITS.test(given) ? null : Number(given);
}

const DIGITS = /^\d+$/;

/** @param length of the body; null if it is not known, and then the content-length of the Response is kept */
function sentHeaders(given: Headers, status: number, length: number | null): string[] {
  const headers: string[] = [];
  for (const [name, value] of given) {
    if (name === 'content-length') {
      // Two headers are joined as `5, 5`, which clients read in different ways. In a 304, it is the length of the document that the client has.
      if (length !== null || !DIGITS.test(value) || status === 204) continue;
    } else if (name === 'content-encoding' && length === 0) continue;
    headers.push(name, value);
  }
  if (length !== null) headers.push('content-length', String(length));
  return headers;
}

/** Answers with these statuses contain no length of a body. A 205 says that it has none. */
const WITHOUT_BODY = new Set([204, 304]);
