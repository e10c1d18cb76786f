import { type NbserveError, toWireError } from '../core/index.js';
import { giveBodyMemory, takeBodyMemory } from './body-memory.js';
import { ByteQueue } from './byte-queue.js';
import type { BodySink, Channel, IncomingCall } from './channel.js';
import { Cancelled, HeadTooLarge, ProtocolViolation } from './errors.js';
import { FrameType, GRANT_STEP, MAX_HEAD, WINDOW_BYTES } from './frame.js';
import type { CallHead, ResponseHead } from './messages.js';
import { type SendOwner, SendStream } from './send-queue.js';
import type { StreamHost } from './stream-host.js';
import { encodeValue } from './values.js';

const VALUE: ResponseHead = { kind: 'value' };

/** The answering end of a stream. */
export class IncomingStream implements IncomingCall, SendOwner {
  readonly id: number;
  readonly head: CallHead;
  body: Uint8Array | null;
  readonly streaming: boolean;
  onCancel: ((reason: string) => void) | null = null;
  onDrain: (() => void) | null = null;
  cancelled = false;
  done = false;
  keep = false;
  readonly #host: StreamHost;
  #onBody: BodySink | null = null;
  #headSent = false;
  #send: SendStream | null = null;
  #receivable = WINDOW_BYTES;
  #ungranted = 0;
  #bodyEnded: boolean;
  /** Body bytes that arrived before `onBody` was set. */
  readonly #early = new ByteQueue();
  #earlyEnd = false;
  #cancelError: NbserveError | null = null;
  /** Memory in which the pieces of the body are joined. It may be larger than the body. */
  #join: Buffer | null = null;
  #joined = 0;

  /** @param mode `whole`: `body` is the whole body; `join`: the pieces are joined before the handler gets the call */
  constructor(host: StreamHost, id: number, head: CallHead, body: Uint8Array | null, mode: 'whole' | 'join' | 'stream') {
    this.#host = host;
    this.id = id;
    this.head = head;
    this.body = body;
    this.streaming = mode === 'stream';
    this.#bodyEnded = mode === 'whole';
    if (mode === 'join') this.#join = takeBodyMemory(head.length as number);
  }

  get channel(): Channel {
    return this.#host.channel;
  }

  get onBody(): BodySink | null {
    return this.#onBody;
  }

  set onBody(sink: BodySink | null) {
    this.#onBody = sink;
    if (sink !== null && (this.#hasEarly || this.#cancelError !== null)) queueMicrotask(() => this.#deliverEarly());
  }

  consumed(bytes: number): void {
    this.#ungranted += bytes;
    if (this.#ungranted < GRANT_STEP || this.#bodyEnded || this.done) return;
    this.#host.outbox.writer.window(this.id, this.#ungranted);
    this.#receivable += this.#ungranted;
    this.#ungranted = 0;
    this.#host.outbox.written();
  }

  freeBody(): void {
    this.body = null;
    if (this.#join !== null && this.#bodyEnded) giveBodyMemory(this.#join);
    this.#join = null;
  }

  started(): void {
    if (this.done) return;
    this.#host.outbox.writer.bare(FrameType.STARTED, this.id);
    this.#host.startedWritten();
  }

  respond(head: ResponseHead, body?: Uint8Array, end = false, own = false): void {
    this.#respond(head, body, end, own);
  }

  #respond(head: ResponseHead, body: Uint8Array | undefined, end: boolean, own: boolean): void {
    if (this.done || this.#headSent) return;
    this.#headSent = true;
    const bytes = body ?? null;
    const taken = this.#host.outbox.writer.head(FrameType.RESPONSE, this.id, JSON.stringify(head), bytes, end, WINDOW_BYTES);
    if (taken < 0) {
      this.fail(HeadTooLarge({ bytes: Buffer.byteLength(JSON.stringify(head)), max: MAX_HEAD }));
      return;
    }
    this.#host.outbox.written();
    if (end) this.done = true;
    const rest = bytes !== null && taken < bytes.length;
    if (end && !rest) {
      this.#host.forgetIncoming(this.id);
      return;
    }
    this.#send = new SendStream(this.id, this.#host.outbox.sends, this, WINDOW_BYTES - taken);
    if (rest) this.#send.write((bytes as Uint8Array).subarray(taken), own);
    if (end) this.#send.end();
  }

  write(chunk: Uint8Array): boolean {
    if (this.done || this.#send === null) return true;
    return this.#send.write(chunk);
  }

  end(chunk?: Uint8Array): void {
    if (this.done || this.#send === null) return;
    if (chunk !== undefined) this.#send.write(chunk);
    this.done = true;
    this.#send.end();
  }

  reply(value: unknown, head: ResponseHead = VALUE): void {
    if (this.done) return;
    try {
      const body = value === undefined ? undefined : encodeValue(value, { root: 'result' });
      this.#respond(head, body, true, true);
    } catch (error) {
      this.fail(error);
    }
  }

  fail(error: unknown): void {
    if (this.done) return;
    this.#send?.sendRest();
    this.#close();
    this.#host.outbox.writer.text(FrameType.ERROR, this.id, JSON.stringify(toWireError(error)));
    this.#host.outbox.written();
  }

  /** Returns true if this completes a body that is joined, so that the handler can get the call. */
  receiveData(chunk: Uint8Array | null, end: boolean): boolean {
    if (this.#bodyEnded) return false;
    if (chunk !== null) {
      this.#receivable -= chunk.length;
      if (this.#receivable < 0) {
        this.#refuse('a request body over its credit');
        return false;
      }
    }
    this.#bodyEnded = end;
    if (this.#join !== null) return this.#joinData(this.#join, this.head.length as number, chunk, end);
    if (this.#onBody === null || this.#hasEarly) {
      if (chunk !== null) this.#early.push(chunk, true);
      if (end) this.#earlyEnd = true;
      return false;
    }
    this.#deliver(this.#onBody, chunk, end);
    return false;
  }

  #joinData(whole: Buffer, length: number, chunk: Uint8Array | null, end: boolean): boolean {
    if (chunk !== null) {
      if (this.#joined + chunk.length > length) {
        this.#refuse(`a body longer than its length of ${length}`);
        return false;
      }
      whole.set(chunk, this.#joined);
      this.#joined += chunk.length;
      this.consumed(chunk.length);
    }
    if (!end) return false;
    this.body = whole.subarray(0, this.#joined);
    return true;
  }

  grant(bytes: number): void {
    if (this.#send?.grant(bytes) === false) this.#refuse('credit beyond any body');
  }

  /** The peer has said something about this call that cannot be true. Only this call ends; the other calls on the connection continue. */
  #refuse(reason: string): void {
    const error = ProtocolViolation({ peer: this.#host.peerName, reason });
    this.fail(error);
    this.receiveCancel(reason, error);
  }

  /** The caller has cancelled the call or cannot be reached. What is written after that is not sent. */
  receiveCancel(reason: string, error?: NbserveError): void {
    if (this.cancelled) return;
    const answered = this.done;
    this.cancelled = true;
    this.#close();
    this.#cancelError = error ?? Cancelled({ what: 'the call', reason });
    const bodyWaits = !this.#bodyEnded || this.#hasEarly;
    this.#bodyEnded = true;
    if (bodyWaits) {
      this.#forgetEarly();
      this.#onBody?.onError(this.#cancelError);
    }
    if (!answered) this.onCancel?.(reason);
    // A writer that waits for `onDrain` would otherwise wait for ever.
    this.onDrain?.();
  }

  onSendDrain(): void {
    this.onDrain?.();
  }

  onSent(): void {
    this.#host.forgetIncoming(this.id);
  }

  #deliverEarly(): void {
    const pieces = this.#early.pieces();
    const end = this.#earlyEnd;
    const sink = this.#onBody;
    this.#forgetEarly();
    if (sink === null) return;
    if (this.#cancelError !== null) {
      sink.onError(this.#cancelError);
      return;
    }
    for (const piece of pieces) this.#deliver(sink, piece, false);
    if (end) this.#deliver(sink, null, true);
  }

  get #hasEarly(): boolean {
    return this.#early.length > 0 || this.#earlyEnd;
  }

  #forgetEarly(): void {
    this.#early.clear();
    this.#earlyEnd = false;
  }

  /** If the receiver throws, only this call ends; the other calls on the connection continue. */
  #deliver(sink: BodySink, chunk: Uint8Array | null, end: boolean): void {
    try {
      if (chunk !== null) sink.onData(chunk);
      if (end) sink.onEnd();
    } catch (error) {
      this.fail(error);
    }
  }

  #close(): void {
    this.done = true;
    this.#send?.abandon();
    this.#host.forgetIncoming(this.id);
  }
}
