import { aboutInput, exposeOf, plainText, toWireError, type WireError } from '../../core/index.js';
import {
  GENERIC_SERVICE,
  givenStatus,
  MessageTypes,
  messageFrame,
  type Rpc,
  readPlan,
  Status,
  statusOfError,
  trailersFrame,
  WrongKindOfCall,
} from '../../grpc/index.js';
import { type IncomingCall, readBody } from '../../ipc/index.js';
import type { AnswerHead, GrpcCallHead } from '../protocol/index.js';
import { genericArguments, genericItem, genericResult } from './generic-values.js';
import { flatMetadata, GrpcRequest } from './grpc-request.js';
import { httpFailure } from './http-failure.js';
import { RequestMessages } from './request-messages.js';
import { iteratorOf, type TaskHost } from './user-task.js';
import { ValueTask } from './value-task.js';

type Method = (...args: unknown[]) => unknown;

/** The RPCs that a cluster answers, and the types of their messages. */
export class Rpcs {
  readonly types: MessageTypes;
  readonly #maxMessageBytes: number;
  readonly #byPath: ReadonlyMap<string, Rpc>;

  constructor(dir: string) {
    const plan = readPlan(dir);
    this.types = new MessageTypes(plan);
    this.#maxMessageBytes = plan.maxMessageBytes;
    this.#byPath = new Map(plan.rpcs.map((rpc) => [rpc.path, rpc]));
  }

  run(host: TaskHost, call: IncomingCall, head: GrpcCallHead, method: Method): void {
    const rpc = this.#byPath.get(head.rpc) as Rpc;
    new GrpcTask(host, call, head, { types: this.types, rpc, maxMessageBytes: this.#maxMessageBytes }).run(method);
  }
}

/** A call over gRPC that a method of the user's class answers. */
class GrpcTask extends ValueTask {
  readonly #head: GrpcCallHead;
  readonly #rpc: Rpc;
  readonly #types: MessageTypes;
  readonly #maxMessageBytes: number;
  readonly #isGeneric: boolean;
  readonly #request: GrpcRequest;
  #headSent = false;

  constructor(
    host: TaskHost,
    call: IncomingCall,
    head: GrpcCallHead,
    { rpc, types, maxMessageBytes }: { readonly rpc: Rpc; readonly types: MessageTypes; readonly maxMessageBytes: number },
  ) {
    super(host, call, head);
    this.#maxMessageBytes = maxMessageBytes;
    this.#head = head;
    this.#rpc = rpc;
    this.#types = types;
    this.#isGeneric = rpc.own === true && rpc.service === GENERIC_SERVICE;
    this.#request = new GrpcRequest(head);
  }

  run(method: Method): void {
    if (!this.begin()) return;
    if (this.#rpc.requestStream) {
      this.#enter(method, () => [this.#messages(), this.#request]);
      return;
    }
    readBody(this.call).then(
      (body) => this.#enter(method, () => this.#arguments(this.#types.decode(this.#rpc.requestType, body))),
      (error) => this.fail(error),
    );
  }

  protected override workName(): string {
    return `gRPC ${this.#rpc.path}`;
  }

  protected override onCancelled(reason: string): void {
    this.#request.abort(reason);
  }

  #arguments(message: unknown): unknown[] {
    return this.#isGeneric ? genericArguments(message) : [message, this.#request];
  }

  #messages(): AsyncIterable<unknown> {
    const { requestType } = this.#rpc;
    const messages = new RequestMessages(this.call, (bytes) => this.#types.decode(requestType, bytes), this.#maxMessageBytes);
    return this.#isGeneric ? genericItems(messages) : messages;
  }

  #enter(method: Method, makeArgs: () => unknown[]): void {
    let args: unknown[];
    try {
      args = makeArgs();
    } catch (error) {
      this.fail(error);
      return;
    }
    this.enter(this.#head.modelId ?? '', this.#head, () => this.invoke(() => method(...args)));
  }

  protected override answer(value: unknown): void {
    const iterator = iteratorOf(value) ?? (this.#rpc.responseStream && Array.isArray(value) ? value.values() : null);
    if (this.#rpc.responseStream !== (iterator !== null)) {
      void iterator?.return?.();
      this.fail(this.#wrongKind());
      return;
    }
    if (iterator === null) {
      try {
        this.#end(this.#encode(value));
      } catch (error) {
        this.fail(error);
      }
      return;
    }
    this.sendAll(
      iterator,
      (item) => this.#encode(item),
      () => this.#sendHead(),
    ).then(
      () => this.#end(),
      (error) => this.fail(error),
    );
  }

  /** Through the generic service, the client has chosen the kind; otherwise the class does not fit its proto file. */
  #wrongKind(): Error {
    const { responseStream } = this.#rpc;
    const { method } = this.#head;
    if (this.#isGeneric) {
      const answers = responseStream ? 'has one answer' : 'answers with a stream';
      return aboutInput(WrongKindOfCall({ method, answers, rpc: responseStream ? 'Call' : 'Stream or Exchange' }));
    }
    return new TypeError(
      responseStream
        ? `${this.#rpc.path} streams its answers, and ${method} did not return a generator`
        : `${this.#rpc.path} has one answer, and ${method} returned a generator`,
    );
  }

  #encode(value: unknown): Buffer {
    const message = this.#isGeneric ? genericResult(value, this.host.label) : value;
    return messageFrame(this.#types.encode(this.#rpc.responseType, message));
  }

  #answerHead(): AnswerHead {
    this.#headSent = true;
    return { kind: 'grpc', queue: this.host.ongoing, metadata: flatMetadata(this.#request.responseMetadata) };
  }

  #sendHead(): void {
    this.call.respond(this.#answerHead());
  }

  /** Ends the call well. @throws NBS_BAD_METADATA */
  #end(last: Buffer | null = null): void {
    const trailers = trailersFrame({ code: Status.OK, message: '', metadata: flatMetadata(this.#request.trailers) });
    const rest = last === null ? trailers : Buffer.concat([last, trailers]);
    if (this.#headSent) this.call.end(rest);
    else this.call.respond(this.#answerHead(), rest, true);
    this.end();
  }

  protected override fail(thrown: unknown): void {
    if (!this.call.done) this.#sendFailure(thrown);
    this.end();
  }

  #sendFailure(thrown: unknown): void {
    const failure = httpFailure(thrown);
    const given = failure === thrown ? undefined : givenStatus((thrown as { code?: unknown } | null)?.code);
    const code = given ?? statusOfError(failure.code, failure.status);
    const expose = given === undefined ? (failure.expose ?? undefined) : (exposeOf(thrown).expose ?? TOLD.has(given));
    const isOurs = code === Status.INTERNAL || code === Status.UNKNOWN;
    if (isOurs) console.error(`${this.workName()} failed (request ${this.#head.requestId}): ${failure.stack ?? failure.message}`);
    const error = { ...cut(toWireError(failure)), ...(expose === undefined ? {} : { expose }) };
    let metadata: readonly string[] = [];
    try {
      metadata = flatMetadata(this.#request.trailers);
    } catch {
      // The error that is there is the one to tell.
    }
    const trailers = trailersFrame({ code, message: error.message, metadata, error });
    if (this.#headSent) this.call.end(trailers);
    else this.call.respond({ kind: 'grpc', queue: this.host.ongoing, metadata: [] }, trailers, true);
  }
}

/** Clients get no more of a message. The trailers, which have a limit, contain the messages of all causes, and each stack contains its message. */
const MAX_MESSAGE = 2000;
const MAX_STACK = 20_000;

function cut(error: WireError): WireError {
  const { message, stack, told, cause } = error;
  return {
    ...error,
    // A cause may be an error of any form.
    message: plainText(message).slice(0, MAX_MESSAGE),
    ...(stack === undefined ? {} : { stack: stack.slice(0, MAX_STACK) }),
    ...(told === undefined ? {} : { told: told.slice(0, MAX_MESSAGE) }),
    ...(cause === undefined ? {} : { cause: cut(cause) }),
  };
}

/** Statuses that say something about the request. Their messages are for the client. */
const TOLD = new Set(
  (
    [
      'CANCELLED',
      'INVALID_ARGUMENT',
      'NOT_FOUND',
      'ALREADY_EXISTS',
      'PERMISSION_DENIED',
      'FAILED_PRECONDITION',
      'ABORTED',
      'OUT_OF_RANGE',
      'UNAUTHENTICATED',
    ] as const
  ).map((name) => Status[name]),
);

async function* genericItems(messages: AsyncIterable<unknown>): AsyncGenerator<unknown> {
  for await (const message of messages) yield* genericItem(message);
}
