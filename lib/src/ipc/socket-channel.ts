import type { Socket } from 'node:net';
import {
  createLog,
  deferred,
  fromWireError,
  isNbserveError,
  type NbserveError,
  toWireError,
  type WireError,
} from '../core/index.js';
import { CallBatch } from './call-batch.js';
import type { CallHandler, CallKinds, CallOptions, Channel, OutgoingCall, ResponseSink } from './channel.js';
import { Deadlines } from './deadlines.js';
import { DeadlineExceeded, HeadTooLarge, isResetByPeer, NoHandler, PeerGone, ProtocolViolation } from './errors.js';
import { Flag, FrameType, MAX_HEAD, WHOLE_BODY_MAX, WINDOW_BYTES } from './frame.js';
import { FrameParser, type FrameSink } from './frame-parser.js';
import { callHeadFault, callName } from './head-faults.js';
import { IncomingStream } from './incoming-call.js';
import { type CallHead, type FeedMessage, type Hello, type Notification, type ResponseHead, showPeer } from './messages.js';
import { Outbox } from './outbox.js';
import { OutgoingStream } from './outgoing-call.js';
import { beforeWriteErrorCloses, type ReadRest } from './read-rest.js';
import type { StreamHost } from './stream-host.js';
import { StreamNumbers } from './stream-numbers.js';
import { TextJoiner } from './text-joiner.js';
import { abortError, UnarySink } from './unary-call.js';
import { encodeValue } from './values.js';

/** After `close`, the channel waits at most this long for a peer that does not read. */
const LINGER_MS = 1000;
/** Many times what a peer that reads leaves unread. */
const BEHIND_BYTES = 64 * 1024 * 1024;

const log = createLog('ipc');

/** A channel over a connected, authenticated socket. */
export class SocketChannel implements Channel, StreamHost, FrameSink {
  readonly peer: Hello;
  readonly peerName: string;
  readonly kinds: CallKinds | null;
  isClosed = false;
  isCut = false;
  isReset = false;
  onCall: CallHandler | null = null;
  onNotify: ((message: Notification) => void) | null = null;
  onFeed: ((message: FeedMessage) => void) | null = null;
  readonly outbox: Outbox;
  readonly #socket: Socket;
  readonly #isRemote: boolean;
  readonly #parser: FrameParser;
  readonly #outgoing = new Map<number, OutgoingStream>();
  readonly #incoming = new Map<number, IncomingStream>();
  readonly #deadlines: Deadlines;
  readonly #numbers: StreamNumbers;
  readonly #batch: CallBatch;
  readonly #texts = new TextJoiner();
  #failure: NbserveError | null = null;
  readonly #closed = deferred<void>();
  readonly expectsAnswer = (): boolean => this.#outgoing.size > 0;
  readonly whenDelivered = (action: () => void): void => this.outbox.whenDelivered(action);

  constructor(socket: Socket, peer: Hello, side: 'connecting' | 'accepting', kinds: CallKinds | null) {
    this.#socket = socket;
    this.#isRemote = socket.remoteAddress !== undefined;
    this.kinds = kinds;
    this.peer = peer;
    this.peerName = showPeer(peer);
    this.#numbers = new StreamNumbers(side);
    this.#parser = new FrameParser(this, this.peerName);
    this.outbox = new Outbox(socket);
    this.#batch = new CallBatch(this.outbox);
    this.#deadlines = new Deadlines({ [Symbol.iterator]: () => this.#outgoing.values() }, (call) => this.#expire(call));
    socket.on('data', this.#onData);
    socket.on('error', (error) => (this.isReset = isResetByPeer(error)));
    socket.on('close', () => this.#teardown());
    if (!this.#isRemote) beforeWriteErrorCloses(socket, this.#onWriteError);
    if (socket.destroyed) this.#teardown();
  }

  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  get channel(): Channel {
    return this;
  }

  get isBehind(): boolean {
    return this.outbox.buffered > BEHIND_BYTES;
  }

  request(head: CallHead, body: Uint8Array | null | 'stream', sink: ResponseSink): OutgoingCall {
    return this.#open(head, body, sink, head.deadlineMs);
  }

  call(head: CallHead, value?: unknown, options: CallOptions = {}): Promise<unknown> {
    const { signal, timeoutMs } = options;
    return new Promise((resolve, reject) => {
      if (signal?.aborted) throw abortError(callName(head, this.kinds), signal.reason);
      const body = value === undefined ? null : encodeValue(value, { root: 'args' });
      const sink = new UnarySink(callName(head, this.kinds), signal, resolve, reject);
      sink.call = this.#open(head, body, sink, timeoutMs ?? head.deadlineMs);
    });
  }

  notify(message: Notification): void {
    if (this.isClosed) return;
    this.outbox.writer.text(FrameType.NOTIFY, 0, JSON.stringify(message));
    this.outbox.written();
  }

  unref(): void {
    this.#socket.unref();
  }

  ref(): void {
    this.#socket.ref();
  }

  close(): void {
    if (this.isClosed) return;
    this.outbox.flush();
    this.isClosed = true;
    this.outbox.close();
    // A call that arrives now could not be answered, and its STARTED frame could not be written.
    this.#parser.stop();
    this.#socket.end();
    const linger = setTimeout(() => this.#socket.destroy(), LINGER_MS).unref();
    this.#socket.once('close', () => clearTimeout(linger));
  }

  destroy(): void {
    if (!this.isClosed) this.isCut = !this.#socket.readableEnded;
    this.isClosed = true;
    this.outbox.close();
    this.#parser.stop();
    this.#socket.destroy();
  }

  startedWritten(): void {
    this.#batch.started();
  }

  forgetOutgoing(stream: number): void {
    this.#outgoing.delete(stream);
  }

  forgetIncoming(stream: number): void {
    this.#incoming.delete(stream);
  }

  #open(head: CallHead, body: Uint8Array | null | 'stream', sink: ResponseSink, deadlineMs: number | undefined): OutgoingCall {
    const id = this.#numbers.take(this.#outgoing);
    const call = new OutgoingStream(this, id, head, sink, deadlineMs);
    if (this.isClosed) {
      queueMicrotask(() => call.fail(this.#gone()));
      return call;
    }
    const bytes = body === 'stream' ? null : body;
    // If the receiver knows the length, it joins the body.
    const sent =
      bytes !== null && bytes.length > MAX_HEAD / 2 && head.length === undefined ? { ...head, length: bytes.length } : head;
    const json = JSON.stringify(sent);
    const taken = this.outbox.writer.head(FrameType.REQUEST, id, json, bytes, body !== 'stream', WINDOW_BYTES);
    if (taken < 0) {
      queueMicrotask(() => call.fail(HeadTooLarge({ bytes: Buffer.byteLength(json), max: MAX_HEAD })));
      return call;
    }
    this.#outgoing.set(id, call);
    if (body === 'stream') call.openSend(0);
    else if (bytes !== null && taken < bytes.length) {
      const send = call.openSend(taken);
      send.write(bytes.subarray(taken), true);
      send.end();
    }
    if (deadlineMs !== undefined) this.#deadlines.add(call.expiresAt);
    this.outbox.written();
    return call;
  }

  #expire(call: OutgoingStream): void {
    this.outbox.writer.text(FrameType.CANCEL, call.id, 'deadline');
    this.outbox.written();
    const what = callName(call.head, this.kinds);
    this.#guard(() => call.fail(DeadlineExceeded({ what, timeoutMs: call.timeoutMs as number })));
  }

  #onData = (chunk: Buffer): void => {
    this.#batch.open();
    try {
      this.#parser.feed(chunk);
    } catch (error) {
      this.#fail(error);
    }
    this.#batch.close(this.#beforeRun);
  };

  /** Each function still runs, so that it can release what it holds; it sees that its call is cancelled. */
  #beforeRun = (calls: readonly IncomingStream[]): void => {
    if (this.isClosed) for (const call of calls) this.#guard(() => call.receiveCancel(CALLER_GONE, this.#gone()));
  };

  onFrame(type: number, flags: number, stream: number, bytes: Buffer, head: number, body: number, end: number): void {
    switch (type) {
      case FrameType.REQUEST:
        this.#onRequest(stream, flags, bytes, head, body, end);
        break;
      case FrameType.STARTED:
        this.#outgoing.get(stream)?.receiveStarted();
        break;
      case FrameType.RESPONSE: {
        const call = this.#outgoing.get(stream);
        if (call === undefined) break;
        const answer = this.#parse<ResponseHead>(bytes.toString(undefined, head, body));
        call.receive(answer, end > body ? bytes.subarray(body, end) : null, (flags & Flag.END) !== 0);
        break;
      }
      case FrameType.DATA:
        this.#onPiece(stream, end > body ? bytes.subarray(body, end) : null, (flags & Flag.END) !== 0);
        break;
      case FrameType.WINDOW:
        if (end - body !== 4) throw this.#violation('a WINDOW frame without its number');
        (this.#numbers.isOurs(stream) ? this.#outgoing : this.#incoming).get(stream)?.grant(bytes.readUInt32LE(body));
        break;
      case FrameType.CANCEL:
        this.#incoming.get(stream)?.receiveCancel(bytes.toString(undefined, head, end));
        break;
      case FrameType.KEEP: {
        const call = this.#incoming.get(stream);
        if (call !== undefined) call.keep = true;
        break;
      }
      default:
        this.#onText(type, flags, stream, bytes, head, end);
    }
  }

  #onPiece(stream: number, piece: Buffer | null, end: boolean): void {
    if (this.#numbers.isOurs(stream)) {
      this.#outgoing.get(stream)?.receive(null, piece, end);
      return;
    }
    const call = this.#incoming.get(stream);
    if (call?.receiveData(piece, end)) this.#dispatch(call);
  }

  /** Takes a frame of the type ERROR or NOTIFY. */
  #onText(type: number, flags: number, stream: number, bytes: Buffer, from: number, to: number): void {
    const text = this.#texts.add(type, stream, bytes, from, to, (flags & Flag.MORE) !== 0);
    if (text === null) return;
    if (type === FrameType.ERROR) this.#outgoing.get(stream)?.fail(fromWireError(this.#parse<WireError>(text)));
    else this.#onMessage(this.#parse<Notification>(text));
  }

  #onRequest(stream: number, flags: number, bytes: Buffer, at: number, body: number, end: number): void {
    // Its STARTED frame could not be written.
    if (this.isClosed) return;
    const isFree = stream !== 0 && !this.#numbers.isOurs(stream) && !this.#incoming.has(stream);
    if (!isFree) throw this.#violation(`a call on stream ${stream}`);
    const head = this.#parse<CallHead>(bytes.toString(undefined, at, body));
    const fault = callHeadFault(head, this.kinds);
    if (fault !== null) {
      this.outbox.writer.text(FrameType.ERROR, stream, JSON.stringify(toWireError(this.#violation(`a call: ${fault}`))));
      this.outbox.written();
      return;
    }
    const piece = end > body ? bytes.subarray(body, end) : null;
    if ((flags & Flag.END) !== 0) {
      const call = new IncomingStream(this, stream, head, piece, 'whole');
      this.#incoming.set(stream, call);
      this.#dispatch(call);
      return;
    }
    const join = head.length !== undefined && head.length >= 0 && head.length <= WHOLE_BODY_MAX;
    const call = new IncomingStream(this, stream, head, null, join ? 'join' : 'stream');
    this.#incoming.set(stream, call);
    if (piece !== null) call.receiveData(piece, false);
    if (!join) this.#dispatch(call);
  }

  #dispatch(call: IncomingStream): void {
    const { onCall } = this;
    try {
      if (onCall === null) throw NoHandler({ peer: 'this process', kind: call.head.kind });
      const run = onCall(call);
      if (typeof run === 'function') this.#batch.add(run, call);
    } catch (error) {
      call.fail(error);
    }
  }

  #onMessage(message: Notification): void {
    if (this.onFeed === null || message.kind === 'event') this.onNotify?.(message);
    else this.onFeed(message);
  }

  #parse<T extends { readonly kind?: string } | WireError>(text: string): T {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (error) {
      throw this.#violation('a head that is not JSON', error);
    }
    if (typeof value !== 'object' || value === null) throw this.#violation('a head that is not an object');
    return value as T;
  }

  #violation(reason: string, cause?: unknown): NbserveError {
    return ProtocolViolation({ peer: this.peerName, reason }, cause);
  }

  /** After a malformed frame or an error in a callback, this connection ends and the process continues. */
  #fail(error: unknown): void {
    this.#failure = isNbserveError(error) ? error : ProtocolViolation({ peer: this.peerName, reason: String(error) }, error);
    log.error({ err: error, peer: this.peerName }, 'the connection is closed');
    this.destroy();
  }

  /** The peer may have begun calls before it died. What it wrote then is read, although writing to it fails. */
  #onWriteError = (readRest: ReadRest): void => {
    this.isClosed = true;
    this.outbox.close();
    this.isCut = !readRest(this.#onData) || this.#failure !== null;
  };

  #gone(): NbserveError {
    return PeerGone({ peer: this.peerName }, this.#failure ?? undefined);
  }

  #teardown(): void {
    this.isClosed = true;
    if (this.#isRemote && !this.#socket.readableEnded) this.isCut = true;
    this.#parser.stop();
    this.#deadlines.clear();
    this.outbox.close();
    for (const call of [...this.#outgoing.values()]) this.#guard(() => call.fail(this.#gone()));
    for (const call of [...this.#incoming.values()]) this.#guard(() => call.receiveCancel(CALLER_GONE, this.#gone()));
    this.#closed.resolve();
  }

  #guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      log.error({ err: error, peer: this.peerName }, 'error in a callback');
    }
  }
}

const CALLER_GONE = 'the caller went away';
