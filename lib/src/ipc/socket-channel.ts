import type { Socket } from 'node:net';
import { createLog, fromWireError, isNbserveError, type NbserveError, type WireError } from '../core/index.js';
import type { CallHost } from './call-host.js';
import type { CallHandler, CallOptions, Channel, OutgoingCall, ResponseSink } from './channel.js';
import { Deadlines } from './deadlines.js';
import { DeadlineExceeded, HeadTooLarge, NoHandler, PeerGone, ProtocolViolation } from './errors.js';
import { Flag, FrameType, MAX_HEAD, WHOLE_BODY_MAX, WINDOW_BYTES } from './frame.js';
import { FrameParser, type FrameSink } from './frame-parser.js';
import { FrameWriter } from './frame-writer.js';
import { IncomingStream } from './incoming-call.js';
import type { CallHead, FeedMessage, Hello, Notification, ResponseHead } from './messages.js';
import { OutgoingStream } from './outgoing-call.js';
import { SendQueue } from './send-queue.js';
import { abortError, UnarySink } from './unary-call.js';
import { encodeValue } from './values.js';

/** Stream data is handed to the socket up to here; the rest waits in the queue, where control frames overtake it. */
const SOCKET_HIGH_WATER = 128 * 1024;
/** A text of several frames (an error, a snapshot) may grow to this. */
const MAX_TEXT_BYTES = 64 * 1024 * 1024;

const log = createLog('ipc');

/** A channel over a connected, authenticated socket. */
export class SocketChannel implements Channel, CallHost, FrameSink {
  readonly peer: Hello;
  readonly peerName: string;
  readonly closed: Promise<void>;
  isClosed = false;
  onCall: CallHandler | null = null;
  onNotify: ((message: Notification) => void) | null = null;
  onFeed: ((message: FeedMessage) => void) | null = null;
  readonly writer = new FrameWriter();
  readonly sends: SendQueue;
  readonly #socket: Socket;
  readonly #parser: FrameParser;
  readonly #outgoing = new Map<number, OutgoingStream>();
  readonly #incoming = new Map<number, IncomingStream>();
  readonly #deadlines: Deadlines;
  /** Streams that the connecting side opens are odd, the accepting side's even. */
  readonly #parity: number;
  #nextStream: number;
  #flushScheduled = false;
  #flushing = false;
  #inBatch = false;
  #startedInBatch = false;
  #runs: (() => void)[] = [];
  #runCalls: IncomingStream[] = [];
  #text = '';
  #textParts: Buffer[] = [];
  #textBytes = 0;
  #failure: NbserveError | null = null;
  #resolveClosed!: () => void;

  constructor(socket: Socket, peer: Hello, side: 'connecting' | 'accepting') {
    this.#socket = socket;
    this.peer = peer;
    this.peerName = `${peer.role} ${peer.id}`;
    this.#parity = side === 'connecting' ? 1 : 0;
    this.#nextStream = side === 'connecting' ? 1 : 2;
    this.#parser = new FrameParser(this, this.peerName);
    this.sends = new SendQueue(
      this.writer,
      () => this.written(),
      () => this.bufferedBytes >= SOCKET_HIGH_WATER,
    );
    this.#deadlines = new Deadlines({ [Symbol.iterator]: () => this.#outgoing.values() }, (call) => this.#expire(call));
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
    socket.on('data', this.#onData);
    socket.on('drain', this.#flush);
    socket.on('error', () => {});
    socket.on('close', () => this.#teardown());
    if (socket.destroyed) this.#teardown();
  }

  get channel(): Channel {
    return this;
  }

  get bufferedBytes(): number {
    return this.writer.pending + this.#socket.writableLength;
  }

  request(head: CallHead, body: Uint8Array | null | 'stream', sink: ResponseSink): OutgoingCall {
    const deadlineMs = head.kind === 'control' ? undefined : head.deadlineMs;
    return this.#open(head, body, sink, deadlineMs);
  }

  call(head: CallHead, value?: unknown, options: CallOptions = {}): Promise<unknown> {
    const { signal, timeoutMs } = options;
    return new Promise((resolve, reject) => {
      if (signal?.aborted) throw abortError(describe(head), signal.reason);
      const body = value === undefined ? null : encodeValue(value, { root: 'args' });
      const deadlineMs = timeoutMs ?? (head.kind === 'control' ? undefined : head.deadlineMs);
      const sink = new UnarySink(describe(head), signal, resolve, reject);
      sink.call = this.#open(head, body, sink, deadlineMs);
    });
  }

  notify(message: Notification): void {
    if (this.isClosed) return;
    this.writer.text(FrameType.NOTIFY, 0, JSON.stringify(message));
    this.written();
  }

  close(): void {
    if (this.isClosed) return;
    this.#flush();
    this.isClosed = true;
    this.#socket.end();
  }

  destroy(): void {
    this.isClosed = true;
    this.#parser.stop();
    this.#socket.destroy();
  }

  written(): void {
    if (this.writer.pending >= SOCKET_HIGH_WATER && !this.#flushing) {
      this.#flush();
    } else if (!this.#flushScheduled) {
      this.#flushScheduled = true;
      setImmediate(this.#flush);
    }
  }

  startedWritten(): void {
    if (this.#inBatch) this.#startedInBatch = true;
    else this.#flush();
  }

  forgetOutgoing(stream: number): void {
    this.#outgoing.delete(stream);
  }

  forgetIncoming(stream: number): void {
    this.#incoming.delete(stream);
  }

  #open(head: CallHead, body: Uint8Array | null | 'stream', sink: ResponseSink, deadlineMs: number | undefined): OutgoingCall {
    const id = this.#nextStream;
    this.#nextStream = this.#streamAfter(id);
    const call = new OutgoingStream(this, id, head, sink, deadlineMs);
    if (this.isClosed) {
      queueMicrotask(() => call.fail(this.#gone()));
      return call;
    }
    const bytes = body === 'stream' ? null : body;
    // The receiver puts a body of known length together.
    const sent =
      bytes !== null && bytes.length > MAX_HEAD / 2 && head.length === undefined ? { ...head, length: bytes.length } : head;
    const json = JSON.stringify(sent);
    const taken = this.writer.head(FrameType.REQUEST, id, json, bytes, body !== 'stream', WINDOW_BYTES);
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
    this.written();
    return call;
  }

  /** Ids are used again after 2^31 calls, except those still in use. */
  #streamAfter(id: number): number {
    let next = id;
    do next = (next + 2) >>> 0;
    while (next === 0 || this.#outgoing.has(next));
    return next;
  }

  #expire(call: OutgoingStream): void {
    this.writer.text(FrameType.CANCEL, call.id, 'deadline');
    this.written();
    this.#guard(() => call.fail(DeadlineExceeded({ what: describe(call.head), timeoutMs: call.timeoutMs as number })));
  }

  #onData = (chunk: Buffer): void => {
    this.#inBatch = true;
    try {
      this.#parser.feed(chunk);
    } catch (error) {
      this.#fail(error);
    }
    this.#inBatch = false;
    if (this.#startedInBatch) this.#flush();
    this.#startedInBatch = false;
    if (this.#runs.length > 0) this.#runBatch();
  };

  /** Runs user code, but only once the operating system has the STARTED frames. */
  #runBatch(): void {
    const runs = this.#runs;
    const calls = this.#runCalls;
    this.#runs = [];
    this.#runCalls = [];
    if (this.#socket.writableLength === 0 || this.isClosed) runAll(runs, calls);
    else this.#socket.write(NOTHING, () => runAll(runs, calls));
  }

  #flush = (): void => {
    this.#flushScheduled = false;
    const socket = this.#socket;
    if (this.isClosed || socket.destroyed) return;
    this.#flushing = true;
    this.sends.pump();
    this.#flushing = false;
    const chunks = this.writer.take();
    if (chunks.length === 1) socket.write(chunks[0] as Buffer);
    else if (chunks.length > 1) {
      socket.cork();
      for (const chunk of chunks) socket.write(chunk);
      socket.uncork();
    }
    // Nothing waits in the socket: the write was synchronous and the slab is free again.
    if (socket.writableLength === 0) this.writer.recycle();
    if (this.sends.waiting && !socket.writableNeedDrain) this.written();
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
        (this.#isOurs(stream) ? this.#outgoing : this.#incoming).get(stream)?.grant(bytes.readUInt32LE(body));
        break;
      case FrameType.CANCEL:
        this.#incoming.get(stream)?.receiveCancel(bytes.toString(undefined, head, end));
        break;
      default:
        this.#onText(type, flags, stream, bytes, head, end);
    }
  }

  #onPiece(stream: number, piece: Buffer | null, end: boolean): void {
    if (this.#isOurs(stream)) {
      this.#outgoing.get(stream)?.receive(null, piece, end);
      return;
    }
    const call = this.#incoming.get(stream);
    if (call?.receiveData(piece, end)) this.#dispatch(call);
  }

  /** ERROR or NOTIFY. */
  #onText(type: number, flags: number, stream: number, bytes: Buffer, from: number, to: number): void {
    const text = this.#collect(flags, bytes, from, to);
    if (text === null) return;
    if (type === FrameType.ERROR) this.#outgoing.get(stream)?.fail(fromWireError(this.#parse<WireError>(text)));
    else this.#onMessage(this.#parse<Notification>(text));
  }

  #onRequest(stream: number, flags: number, bytes: Buffer, at: number, body: number, end: number): void {
    if (stream === 0 || this.#isOurs(stream) || this.#incoming.has(stream)) throw this.#violation(`a call on stream ${stream}`);
    const head = this.#parse<CallHead>(bytes.toString(undefined, at, body));
    const piece = end > body ? bytes.subarray(body, end) : null;
    if ((flags & Flag.END) !== 0) {
      const call = new IncomingStream(this, stream, head, piece, 'whole');
      this.#incoming.set(stream, call);
      this.#dispatch(call);
      return;
    }
    const join = typeof head.length === 'number' && head.length >= 0 && head.length <= WHOLE_BODY_MAX;
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
      if (typeof run !== 'function') return;
      this.#runs.push(run);
      this.#runCalls.push(call);
    } catch (error) {
      call.fail(error);
    }
  }

  #onMessage(message: Notification): void {
    if (this.onFeed !== null && (message.kind === 'feed' || message.kind === 'feed-ack')) this.onFeed(message);
    else this.onNotify?.(message);
  }

  /** Joins the frames of one text; null while more are to come. Frames of one text follow each other without another text between them. */
  #collect(flags: number, bytes: Buffer, from: number, to: number): string | null {
    const more = (flags & Flag.MORE) !== 0;
    if (!more && this.#textParts.length === 0) return bytes.toString(undefined, from, to);
    this.#textBytes += to - from;
    if (this.#textBytes > MAX_TEXT_BYTES) throw this.#violation(`a message of over ${MAX_TEXT_BYTES} bytes`);
    this.#textParts.push(bytes.subarray(from, to));
    if (more) return null;
    const text = Buffer.concat(this.#textParts).toString();
    this.#textParts = [];
    this.#textBytes = 0;
    return text;
  }

  #parse<T extends { readonly kind?: string } | WireError>(text: string): T {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (error) {
      throw this.#violation('a head that is no JSON', error);
    }
    if (typeof value !== 'object' || value === null) throw this.#violation('a head that is no object');
    return value as T;
  }

  #isOurs(stream: number): boolean {
    return (stream & 1) === this.#parity;
  }

  #violation(reason: string, cause?: unknown): NbserveError {
    return ProtocolViolation({ peer: this.peerName, reason }, cause);
  }

  /** A malformed frame, or an error in a callback: this connection ends, the process goes on. */
  #fail(error: unknown): void {
    this.#failure = isNbserveError(error) ? error : ProtocolViolation({ peer: this.peerName, reason: String(error) }, error);
    log.error({ err: error, peer: this.peerName }, 'the connection is closed');
    this.destroy();
  }

  #gone(): NbserveError {
    return PeerGone({ peer: this.peerName }, this.#failure ?? undefined);
  }

  #teardown(): void {
    this.isClosed = true;
    this.#parser.stop();
    this.#deadlines.clear();
    this.sends.clear();
    for (const call of [...this.#outgoing.values()]) this.#guard(() => call.fail(this.#gone()));
    for (const call of [...this.#incoming.values()]) this.#guard(() => call.receiveCancel('the caller went away', this.#gone()));
    this.#resolveClosed();
  }

  #guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      log.error({ err: error, peer: this.peerName }, 'error in a callback');
    }
  }
}

const NOTHING = Buffer.alloc(0);

function runAll(runs: (() => void)[], calls: IncomingStream[]): void {
  for (let i = 0; i < runs.length; i += 1) {
    try {
      (runs[i] as () => void)();
    } catch (error) {
      calls[i]?.fail(error);
    }
  }
}

function describe(head: CallHead): string {
  if (head.kind === 'http') return `${head.method} ${head.url}`;
  return head.kind === 'method' ? `method ${head.method}` : `operation ${head.op}`;
}
