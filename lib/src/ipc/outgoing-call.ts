import type { OutgoingCall, ResponseSink } from './channel.js';
import { ProtocolViolation } from './errors.js';
import { FrameType, GRANT_STEP, WINDOW_BYTES } from './frame.js';
import { responseHeadFault } from './head-faults.js';
import type { CallHead, ResponseHead } from './messages.js';
import { type SendOwner, SendStream } from './send-queue.js';
import type { StreamHost } from './stream-host.js';

/** The caller's end of a stream. */
export class OutgoingStream implements OutgoingCall, SendOwner {
  readonly id: number;
  readonly head: CallHead;
  readonly sink: ResponseSink;
  readonly timeoutMs?: number | undefined;
  /** Time by the clock of `performance.now()`; Infinity if there is no deadline. */
  readonly expiresAt: number;
  done = false;
  readonly #host: StreamHost;
  /** What the peer has sent for this call so far. */
  #hasStarted = false;
  #hasHead = false;
  #send: SendStream | null = null;
  #receivable = WINDOW_BYTES;
  #ungranted = 0;

  constructor(host: StreamHost, id: number, head: CallHead, sink: ResponseSink, timeoutMs: number | undefined) {
    this.#host = host;
    this.id = id;
    this.head = head;
    this.sink = sink;
    this.timeoutMs = timeoutMs;
    this.expiresAt = timeoutMs === undefined ? Number.POSITIVE_INFINITY : performance.now() + timeoutMs;
  }

  /** @param used number of body bytes that were sent with the head */
  openSend(used: number): SendStream {
    this.#send = new SendStream(this.id, this.#host.outbox.sends, this, WINDOW_BYTES - used);
    return this.#send;
  }

  write(chunk: Uint8Array): boolean {
    return this.#send === null || this.done ? true : this.#send.write(chunk);
  }

  end(chunk?: Uint8Array): void {
    if (this.#send === null || this.done) return;
    if (chunk !== undefined) this.#send.write(chunk);
    this.#send.end();
  }

  cancel(reason = 'cancelled by the caller'): void {
    if (this.done) return;
    this.#finish();
    this.#host.outbox.writer.text(FrameType.CANCEL, this.id, reason.slice(0, 1000));
    this.#host.outbox.written();
  }

  keep(): void {
    if (this.done || this.#hasHead) return;
    this.#host.outbox.writer.bare(FrameType.KEEP, this.id);
    this.#host.outbox.written();
  }

  consumed(bytes: number): void {
    this.#ungranted += bytes;
    if (this.#ungranted < GRANT_STEP || this.done) return;
    this.#host.outbox.writer.window(this.id, this.#ungranted);
    this.#receivable += this.#ungranted;
    this.#ungranted = 0;
    this.#host.outbox.written();
  }

  receiveStarted(): void {
    if (this.#hasStarted || this.#hasHead) {
      this.#refuse('STARTED again, or behind the answer');
      return;
    }
    this.#hasStarted = true;
    try {
      this.sink.onStarted?.();
    } catch (error) {
      this.#sinkFailed(error);
    }
  }

  /** @param head null in all frames after the first */
  receive(head: ResponseHead | null, body: Uint8Array | null, end: boolean): void {
    const fault = this.#faultOf(head, body?.length ?? 0);
    if (fault !== null) {
      this.#refuse(fault);
      return;
    }
    try {
      if (head !== null) this.sink.onHead(head);
      if (body !== null && !this.done) this.sink.onData(body);
      if (!end || this.done) return;
      this.#finish();
      this.sink.onEnd();
    } catch (error) {
      this.#sinkFailed(error);
    }
  }

  #faultOf(head: ResponseHead | null, bytes: number): string | null {
    this.#receivable -= bytes;
    if (this.#receivable < 0) return 'an answer over its credit';
    if (head === null) return this.#hasHead ? null : 'a body without a head';
    if (this.#hasHead) return 'a second answer';
    this.#hasHead = true;
    return responseHeadFault(this.head, head, this.#host.kinds);
  }

  /** The peer has said something about this call that cannot be true. Only this call ends; the other calls on the connection continue. */
  #refuse(reason: string): void {
    if (this.done) return;
    this.cancel(reason);
    this.sink.onError(ProtocolViolation({ peer: this.#host.peerName, reason }));
  }

  grant(bytes: number): void {
    if (this.#send?.grant(bytes) === false) this.#refuse('credit beyond any body');
  }

  /** Ends the call with an error. The peer is not informed. */
  fail(error: Error): void {
    if (this.done) return;
    this.#finish();
    this.sink.onError(error);
  }

  onSendDrain(): void {
    this.sink.onDrain?.();
  }

  onSent(): void {}

  /** If the receiver throws, only this call ends; the other calls on the connection continue. */
  #sinkFailed(error: unknown): void {
    if (this.done) throw error;
    this.cancel('the receiver failed');
    this.sink.onError(error instanceof Error ? error : new Error(String(error)));
  }

  #finish(): void {
    this.done = true;
    this.#send?.abandon();
    this.#host.forgetOutgoing(this.id);
  }
}
