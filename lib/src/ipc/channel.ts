import type { CallHead, FeedMessage, Hello, Notification, ResponseHead } from './messages.js';

/** One authenticated connection that carries many calls in both directions. */
export interface Channel {
  readonly peer: Hello;
  /** Resolves once the connection ended, whoever ended it; never rejects. */
  readonly closed: Promise<void>;
  readonly isClosed: boolean;
  /** Bytes that wait for the peer to read. Notifications have no credit window: who sends many looks here first. */
  readonly bufferedBytes: number;
  /**
   * Called for each new call. It decides at once (`call.started()` or `call.fail(…)`) and returns what runs the user's code. That runs only after
   * the STARTED frames of the whole batch are with the operating system, so that the peer sees them even if user code kills the process.
   * What it returns is always run, once; where the call was cancelled meanwhile (`call.cancelled`) it must not begin user code.
   */
  onCall: CallHandler | null;
  onNotify: ((message: Notification) => void) | null;
  /** Set by the feed classes; where it is null, feed messages go to `onNotify`. */
  onFeed: ((message: FeedMessage) => void) | null;
  /**
   * Starts a call. Never throws: failures come to the sink, never before this returns.
   * @param body whole body (not to be changed until the call is done), `null` for none, or `'stream'` to write it later
   */
  request(head: CallHead, body: Uint8Array | null | 'stream', sink: ResponseSink): OutgoingCall;
  /**
   * A call with structured values. Resolves with the decoded `value` answer.
   * @throws the peer's error; NBS_PEER_GONE at EOF; NBS_DEADLINE after `timeoutMs`; NBS_CANCELLED (name `AbortError`) on `signal`; NBS_CANNOT_CLONE
   */
  call(head: CallHead, value?: unknown, options?: CallOptions): Promise<unknown>;
  notify(message: Notification): void;
  /** From now on this connection and its calls do not keep the process alive; `ref` takes that back. */
  unref(): void;
  ref(): void;
  /** Writes out what is queued in frames, then closes. Calls in progress fail with NBS_PEER_GONE. */
  close(): void;
  destroy(): void;
}

// biome-ignore lint/suspicious/noConfusingVoidType: handlers that end the call at once simply return
export type CallHandler = (call: IncomingCall) => (() => void) | undefined | void;

/** Kinds of calls besides `control`. Whoever defines such kinds passes this to `connect` and `listen`. */
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

/** Where an answer arrives. After `onEnd` or `onError` nothing more comes; after `OutgoingCall.cancel` nothing comes either. */
export interface ResponseSink {
  onStarted?(): void;
  /** Followed by `onData` and `onEnd` in the same tick where the answer was one frame. */
  onHead(head: ResponseHead): void;
  /** The receiver grants new credit with `OutgoingCall.consumed(chunk.length)`. */
  onData(chunk: Uint8Array): void;
  onEnd(): void;
  onError(error: Error): void;
  /** `write` returned false and may go on. */
  onDrain?(): void;
}

export interface OutgoingCall {
  /** Queues a piece of a `'stream'` body. False: wait for `onDrain`. */
  write(chunk: Uint8Array): boolean;
  end(chunk?: Uint8Array): void;
  cancel(reason?: string): void;
  consumed(bytes: number): void;
  readonly done: boolean;
}

export interface BodySink {
  /** New credit is granted with `IncomingCall.consumed(chunk.length)`. */
  onData(chunk: Uint8Array): void;
  onEnd(): void;
  onError(error: Error): void;
}

export interface IncomingCall {
  readonly head: CallHead;
  readonly channel: Channel;
  /** The whole body if it came as one piece (always so up to `WHOLE_BODY_MAX` with a known length); `null` if there is none or it streams. */
  readonly body: Uint8Array | null;
  /** The body comes in pieces: set `onBody`. Pieces that came before wait. */
  readonly streaming: boolean;
  onBody: BodySink | null;
  consumed(bytes: number): void;
  /** The peer cancelled, passed its deadline, or the connection ended. */
  onCancel: ((reason: string) => void) | null;
  /** Tells the peer that user code begins. Outside of `onCall` it is written at once. */
  started(): void;
  /** Head, body and end in one frame where they fit. */
  respond(head: ResponseHead, body?: Uint8Array, end?: boolean): void;
  /** False: wait for `onDrain`. */
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
  /** Answered, failed, or cancelled: nothing that is written now goes out. */
  readonly done: boolean;
}

/** Connections accepted at an address. */
export interface ChannelServer {
  readonly address: import('./messages.js').Address;
  /** Stops listening and closes the channels. */
  close(): Promise<void>;
}
