import type { Metadata, ServerDuplexStream } from '@grpc/grpc-js';
import { fromWireError, hasCode, isNbserveError } from '../../../core/index.js';
import {
  FrameSplitter,
  messageFrame,
  metadataFault,
  type Rpc,
  Status,
  statusOfError,
  type Trailers,
  WrongMessageCount,
} from '../../../grpc/index.js';
import { type OutgoingCall, ProtocolViolation, type ResponseSink } from '../../../ipc/index.js';
import {
  type AnswerHead,
  AppStarting,
  deploymentKey,
  type GrpcCallHead,
  NoSuchDeployment,
  QueueFull,
} from '../../protocol/index.js';
import { type DeadlineLimit, firstRoutes } from '../../router/index.js';
import { NoApplication } from './errors.js';
import type { GrpcContext, Version } from './host.js';
import { CallMetadata, toMetadata } from './metadata.js';
import { retryMetadata } from './retry-info.js';
import { ANY_STARTING, applicationFor, findTarget, isRoot } from './target.js';

export type ServerCall = ServerDuplexStream<Buffer, Buffer>;

/** A longer text would not fit into the headers that clients accept. */
const MAX_DETAILS = 2000;
/** With these codes, a version has failed. The others say that the request was wrong, or that the client left. */
const FAILED: ReadonlySet<number> = new Set([
  Status.UNKNOWN,
  Status.DEADLINE_EXCEEDED,
  Status.INTERNAL,
  Status.UNAVAILABLE,
  Status.DATA_LOSS,
]);
/** Largest number of times that a version is chosen for a call. It is chosen again each time the version was deleted. */
const MAX_CHOICES = 3;
const CLIENT_LEFT = 'the client went away or cancelled';

/** Half of a surrogate pair has no form in a header; Buffer replaces it. */
const sendable = (message: string): string => Buffer.from(message.slice(0, MAX_DETAILS)).toString();

const nonsense = (reason: string): Error => ProtocolViolation({ peer: 'the replica', reason });

/** One call of a client and its answer, between the client and a replica. Messages pass as bytes. */
export class GrpcExchange implements ResponseSink {
  readonly #context: GrpcContext;
  readonly #rpc: Rpc;
  readonly #call: ServerCall;
  readonly #metadata: CallMetadata;
  readonly #requestId: string;
  #outgoing: OutgoingCall | null = null;
  #done = false;
  /** The one message of a client that does not stream, or the first one of a stream that names its method in it. */
  #first: Buffer | null = null;
  #count = 0;
  #inputEnded = false;
  #trailers: Trailers | null = null;
  /** The version that the call goes to, if its traffic is split; null also after its result was counted. */
  #version: Version | null = null;
  #choices = 0;
  #started = false;
  readonly #since = performance.now();
  /** Bytes of the answer that the client has not taken yet. The replica gets no new credit for them. */
  #owed = 0;
  #blocked = false;
  readonly #frames: FrameSplitter;

  constructor(context: GrpcContext, rpc: Rpc, call: ServerCall) {
    this.#context = context;
    this.#rpc = rpc;
    this.#call = call;
    this.#metadata = new CallMetadata(call.metadata);
    this.#requestId = this.#metadata.requestId ?? context.host.newRequestId();
    this.#frames = new FrameSplitter(
      {
        onMessage: (message) => {
          if (!call.write(message)) this.#blocked = true;
        },
        onTrailers: (trailers) => {
          this.#trailers = trailers;
        },
      },
      context.plan.maxMessageBytes,
    );
  }

  begin(): void {
    const call = this.#call;
    call.on('cancelled', () => {
      this.#done = true;
      this.#outgoing?.cancel(CLIENT_LEFT);
      this.#over(false);
    });
    // A message that is too large, or that cannot be read: grpc-js answers with its status.
    call.on('error', () => {
      if (this.#done) return;
      this.#done = true;
      this.#outgoing?.cancel(CLIENT_LEFT);
      this.#over(false);
    });
    call.on('drain', () => {
      this.#blocked = false;
      this.#pay();
    });
    if (this.#streams) this.#dispatch('stream');
    call.on('data', (message: Buffer) => this.#take(message));
    call.on('end', () => this.#endInput());
  }

  /** True if messages are passed on as they come. Otherwise the first one is needed to send the call. */
  get #streams(): boolean {
    return this.#rpc.requestStream && this.#rpc.own !== true;
  }

  #take(message: Buffer): void {
    if (this.#done) return;
    this.#count += 1;
    if (this.#outgoing !== null) {
      if (!this.#outgoing.write(messageFrame(message))) this.#call.pause();
      return;
    }
    if (this.#streams) return;
    this.#first ??= message;
    if (this.#rpc.requestStream && this.#count === 1) {
      this.#dispatch('stream');
    }
  }

  #endInput(): void {
    this.#inputEnded = true;
    if (this.#done) return;
    if (this.#rpc.requestStream && this.#outgoing !== null) this.#outgoing.end();
    else if (this.#first === null || this.#count !== 1)
      this.#fail(WrongMessageCount({ rpc: this.#rpc.path, count: this.#count }));
    else this.#dispatch(this.#first);
  }

  #dispatch(body: Buffer | 'stream'): void {
    const { router } = this.#context.host;
    if (router.snapshot !== null) {
      this.#send(body);
      return;
    }
    this.#call.pause();
    void firstRoutes(router).then(() => {
      this.#send(body);
      this.#call.resume();
    });
  }

  #send(body: Buffer | 'stream'): void {
    if (this.#done) return;
    const { host } = this.#context;
    const { application, modelId } = this.#metadata;
    try {
      const metadata = this.#metadata.flat();
      const { snapshot } = host.router;
      const app = application ?? applicationFor(snapshot, this.#rpc);
      this.#version = host.versionFor(application === undefined && isRoot(snapshot, app) ? undefined : app, metadata);
      this.#choices += 1;
      const target = findTarget(snapshot, this.#version?.app ?? app, this.#rpc, this.#first);
      const head: GrpcCallHead = {
        kind: 'grpc',
        method: target.method,
        requestId: this.#requestId,
        rpc: this.#rpc.path,
        ...(target.candidates === undefined ? {} : { candidates: target.candidates }),
        metadata,
        peer: this.#call.getPeer(),
        ...(modelId === undefined ? {} : { modelId }),
      };
      const { limit } = this;
      const key = deploymentKey(target.app, target.deployment);
      this.#outgoing = host.router.dispatch({
        key,
        method: target.method,
        head,
        body,
        sink: this,
        ...(limit === undefined ? {} : { limit }),
      });
      if (body !== 'stream') return;
      if (this.#first !== null) this.#outgoing.write(messageFrame(this.#first));
      if (this.#inputEnded) this.#outgoing.end();
    } catch (error) {
      // The version was chosen for the client, which does not know its name.
      if (this.#version !== null && hasCode(error, AppStarting)) this.#fail(AppStarting(ANY_STARTING));
      else if (this.#version === null || !hasCode(error, NoApplication)) this.#fail(error as Error);
      else this.onError(NoSuchDeployment({ deployment: this.#version.app, running: 'none' }));
    }
  }

  /** The client's deadline. */
  get limit(): DeadlineLimit | undefined {
    const deadline = this.#call.getDeadline();
    const at = typeof deadline === 'number' ? deadline : deadline.getTime();
    return Number.isFinite(at) ? { leftMs: at - Date.now(), of: "the client's deadline" } : undefined;
  }

  // ResponseSink: the replica's answer

  onStarted(): void {
    this.#started = true;
  }

  onHead(head: AnswerHead): void {
    if (head.kind !== 'grpc' || this.#done) return;
    const fault = metadataFault(head.metadata);
    if (fault !== null) throw nonsense(`its metadata ${fault.name} cannot be sent: ${fault.reason}`);
    if (head.metadata.length > 0) this.#call.sendMetadata(toMetadata(this.#context.grpc, head.metadata));
  }

  onData(chunk: Uint8Array): void {
    if (this.#done) return;
    try {
      this.#frames.feed(chunk);
    } catch (error) {
      throw isNbserveError(error) ? error : nonsense((error as Error).message);
    }
    this.#owed += chunk.length;
    this.#pay();
  }

  onEnd(): void {
    const trailers = this.#trailers;
    if (trailers === null) {
      this.#fail(nonsense('an answer without trailers'));
      return;
    }
    if (trailers.error !== undefined) {
      this.#fail(fromWireError(trailers.error), trailers.code, trailers.metadata);
      return;
    }
    if (this.#done) return;
    this.#done = true;
    this.#over(false);
    this.#call.end(this.#endMetadata(trailers.metadata));
  }

  onError(error: Error): void {
    const mayChooseAgain = this.#version !== null && !this.#started && this.#choices < MAX_CHOICES && !this.#done;
    if (mayChooseAgain && hasCode(error, NoSuchDeployment) && !this.#rpc.requestStream) this.#send(this.#first as Buffer);
    else this.#fail(error);
  }

  onDrain(): void {
    if (!this.#done) this.#call.resume();
  }

  #pay(): void {
    if (this.#blocked || this.#owed === 0) return;
    this.#outgoing?.consumed(this.#owed);
    this.#owed = 0;
  }

  #fail(error: Error, given?: number, trailers: readonly string[] = []): void {
    if (this.#done) return;
    this.#done = true;
    this.#outgoing?.cancel('the call failed');
    const [errorCode, status] = isNbserveError(error) ? [error.code, error.status] : ['', 500];
    const code = given ?? statusOfError(errorCode, status);
    // A full queue counts, as it does over HTTP; its status is also that of messages that are too large.
    this.#over(FAILED.has(code) || hasCode(error, QueueFull));
    const { host } = this.#context;
    const { token } = this.#metadata;
    const isTrusted = token !== undefined && host.isToken(token);
    const told = host.tell(error, { rpc: this.#rpc.path, requestId: this.#requestId, isTrusted });
    // Other limits would be exceeded again.
    const mayTryAgain = code === Status.UNAVAILABLE || hasCode(error, QueueFull);
    const metadata = this.#endMetadata([
      ...trailers,
      'nbserve-code',
      told.code,
      ...(mayTryAgain ? retryMetadata(code, told.message) : []),
    ]);
    // What the client still sends is not read.
    this.#call.resume();
    this.#call.emit('error', { code, details: sendable(told.message), metadata });
  }

  #over(failed: boolean): void {
    this.#version?.over(failed, performance.now() - this.#since);
    this.#version = null;
  }

  #endMetadata(trailers: readonly string[]): Metadata {
    return toMetadata(this.#context.grpc, [...trailers, 'request_id', this.#requestId]);
  }
}
