import type { CallHead, FeedMessage, Hello, Notification, ResponseHead } from './messages.js';

/** One authenticated connection that carries many calls in both directions. */
export interface Channel {
  readonly peer: Hello;
  /** Resolves when the connection has ended, whichever side ended it. Never rejects. */
  readonly closed: Promise<void>;
  readonly isClosed: boolean;
  /**
   * True if the connection has ended before all was read that the peer had sent. Then a STARTED frame may have been lost. This happens if the network to
   * another machine breaks, if the peer has sent a malformed frame, or if `destroy` was called. If a process ends on a machine that can be reached, its
   * system still delivers what the process had written.
   */
  readonly isCut: boolean;
  /**
   * True if it is cut because the system of the peer's machine has reset it, and all that had arrived was read. This is how a connection ends if a process
   * is killed that had not read everything. Nothing of what the process wrote is lost then, unless the network lost it just before.
   */
  readonly isReset: boolean;
  /** True if the peer has not read many megabytes. Notifications have no credit window, so code that sends many of them checks this first. */
  readonly isBehind: boolean;
  /** Runs the action when the operating system has taken what was sent before; usually this is now. It also runs if the connection ends. */
  whenDelivered(action: () => void): void;
  /**
   * Called for each new call. It decides at once (`call.started()` or `call.fail(…)`) and returns the function that runs user code.
   * The channel runs that function, exactly once, after the operating system has the STARTED frames of the whole batch: so the peer sees them even if
   * user code kills the process. If the call was cancelled meanwhile (`call.cancelled`), the function must not begin user code.
   */
  onCall: CallHandler | null;
  onNotify: ((message: Notification) => void) | null;
  /** The feed classes set this. If it is null, feed messages go to `onNotify`. */
  onFeed: ((message: FeedMessage) => void) | null;
  /**
   * Starts a call. This never throws: failures go to the sink, and never before this returns.
   * @param body the whole body (it must not change until the call is done), `null` for none, or `'stream'` to write it later
   */
  request(head: CallHead, body: Uint8Array | null | 'stream', sink: ResponseSink): OutgoingCall;
  /**
   * Makes a call whose body and answer are values. Resolves with the decoded `value` answer.
   * @throws the peer's error; NBS_PEER_GONE if the connection ends; NBS_DEADLINE after `timeoutMs`; NBS_CANCELLED (name `AbortError`) on `signal`;
   * NBS_CANNOT_CLONE
   */
  call(head: CallHead, value?: unknown, options?: CallOptions): Promise<unknown>;
  notify(message: Notification): void;
  /** From now on this connection and its calls do not keep the process alive. `ref` undoes this. */
  unref(): void;
  ref(): void;
  /** Writes out the queued frames, then closes. Calls in progress fail with NBS_PEER_GONE. */
  close(): void;
  /** Closes at once. What was not read yet is lost. */
  destroy(): void;
}

export type CallHandler = (call: IncomingCall) => (() => void) | undefined | void;

/** Kinds of calls besides `control`. The code that defines such kinds passes this to `connect` and `listen`. */
export interface CallKinds {
  /** Names the call in messages. */
  nameOf(head: CallHead): string;
  /** What is wrong with the head of a call that came in, or null. If it is null, the handler of the call may rely on the head's types. */
  headFault(head: CallHead): string | null;
  /** Why this cannot be the head of an answer to that call, or null. */
  answerFault(call: CallHead, answer: ResponseHead): string | null;
}

export interface CallOptions {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** The receiver of an answer. Nothing follows `onEnd`, `onError` or a call of `OutgoingCall.cancel`. */
export interface ResponseSink {
  onStarted?(): void;
  /** If the answer was one frame, `onData` and `onEnd` follow in the same tick. */
  onHead(head: ResponseHead): void;
  /** To grant new credit, the receiver calls `OutgoingCall.consumed(chunk.length)`. */
  onData(chunk: Uint8Array): void;
  onEnd(): void;
  onError(error: Error): void;
  /** Called when `write` returned false and the caller may write again. */
  onDrain?(): void;
}

export interface OutgoingCall {
  /** Queues a piece of a `'stream'` body. If it returns false, wait for `onDrain` before you write more. */
  write(chunk: Uint8Array): boolean;
  end(chunk?: Uint8Array): void;
  cancel(reason?: string): void;
  consumed(bytes: number): void;
  /** Asks the peer to keep its answer for another process, if the answer is large. What it then answers depends on the kind of the call. */
  keep?(): void;
  readonly done: boolean;
}

export interface BodySink {
  /** To grant new credit, call `IncomingCall.consumed(chunk.length)`. */
  onData(chunk: Uint8Array): void;
  onEnd(): void;
  onError(error: Error): void;
}

export interface IncomingCall {
  readonly head: CallHead;
  readonly channel: Channel;
  /**
   * The whole body, if it arrived as one piece. It always does if its length is known and at most `WHOLE_BODY_MAX`. `null` if there is no body, or if
   * it streams.
   */
  readonly body: Uint8Array | null;
  /** To be called if nothing refers to `body` any more. Its memory is then used for other bodies. */
  freeBody(): void;
  /** If true, the body arrives in pieces: set `onBody`. Pieces that arrived before that are kept. */
  readonly streaming: boolean;
  onBody: BodySink | null;
  consumed(bytes: number): void;
  /** Called when the peer has cancelled the call, its deadline has passed, or the connection has ended. */
  onCancel: ((reason: string) => void) | null;
  /** Tells the peer that user code begins. Outside of `onCall`, the frame is written at once. */
  started(): void;
  /** True if the caller wants a large answer to be kept here, because another process will read it. */
  readonly keep: boolean;
  /** Answers with head, body and end in one frame, if they fit. @param own if true, the body will not change, so it need not be copied */
  respond(head: ResponseHead, body?: Uint8Array, end?: boolean, own?: boolean): void;
  /** If it returns false, wait for `onDrain` before you write more. */
  write(chunk: Uint8Array): boolean;
  onDrain: (() => void) | null;
  end(chunk?: Uint8Array): void;
  /**
   * Answers with `encodeValue(value)`; if the value cannot be sent, this does `fail`.
   * @default head `{ kind: 'value' }`
   */
  reply(value: unknown, head?: ResponseHead): void;
  fail(error: unknown): void;
  readonly cancelled: boolean;
  /** True if the call is answered, failed or cancelled. What is written after that is not sent. */
  readonly done: boolean;
}

/** Connections accepted at an address. */
export interface ChannelServer {
  readonly address: import('./messages.js').Address;
  /** Stops listening and closes the channels. */
  close(): Promise<void>;
}
