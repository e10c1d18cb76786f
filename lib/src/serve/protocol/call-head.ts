import type { WireError } from '../../core/index.js';
import type { AnyCallHead, CallKinds, ResponseHead } from '../../ipc/index.js';
import { headersFault } from './headers.js';

/** What the heads of all requests to replicas have. */
interface RequestFields extends AnyCallHead {
  readonly method: string;
  readonly requestId: string;
  /**
   * Milliseconds that are left of the caller's deadline at the moment of sending.
   * The receiver uses it for the calls that it makes in turn. The channel does not look at it.
   */
  budgetMs?: number;
  /** Whose deadline that is, for messages. @default the deployment's own */
  budgetOf?: string;
  /** Other requests may overtake this one. The calls that the receiver makes in turn are batch ones as well. @default interactive */
  readonly priority?: 'batch';
}

export interface HttpCallHead extends RequestFields {
  readonly kind: 'http';
  /** Path and query, as the client sent them. */
  readonly url: string;
  /** Name, value, name, value, … */
  readonly headers: string[];
  readonly host: string;
  /** The route prefix that matched. */
  readonly prefix: string;
  /** The client's connection to the proxy is secure: the URL begins with `https:`. @default `http:` */
  readonly secure?: true;
  /** It asks to speak the protocol of its header `upgrade`. If the answer is 101, the bytes of both sides go through as they are. */
  readonly upgrade?: true;
}

/** A call of a method through a handle. The body is `encodeValue` of the array of arguments. */
export interface MethodCallHead extends RequestFields {
  readonly kind: 'method';
  /** Model that the call is for, if the deployment serves several (`multiplexedModelId` of a handle). */
  readonly modelId?: string;
  /** Calls with the same key go to the same replica (`affinity` of a handle). */
  readonly affinity?: string;
  /**
   * The part of a driver that made the call, e.g. a notebook's cell. Output of user code during the call appears there. If absent, it appears at the
   * driver that ran the application.
   */
  readonly caller?: string;
  /**
   * True if answers of other calls are among the arguments. Then the body is `encodeValue` of the bytes of the arguments and a list of `PassedAnswer`:
   * the arguments contain the numbers of answers in that list, as values of the kind `response`.
   */
  readonly passed?: true;
}

/** Asks for an answer that the replica keeps. The body of the answer is that of the kept one. */
export interface KeptCallHead extends AnyCallHead {
  readonly kind: 'kept';
  readonly id: number;
}

/** An answer that a replica keeps until its caller cancels the call. Any process of the cluster can read it there. */
export interface KeptAnswer {
  readonly id: number;
  /** Path of the replica's socket. */
  readonly path: string;
  readonly replica: string;
  /** `app/deployment`. */
  readonly deployment: string;
  readonly bytes: number;
}

/** An answer that is an argument of another call: its bytes (none for `undefined`), or the place to read them. */
export type PassedAnswer = { readonly bytes: Uint8Array } | { readonly kept: KeptAnswer };

/**
 * A call over gRPC. The body is the message, or, if the caller streams, `messageFrame` of each message. The answer's body is `messageFrame` of each
 * message, and then `trailersFrame`.
 */
export interface GrpcCallHead extends RequestFields {
  readonly kind: 'grpc';
  /** `/package.Service/Method` */
  readonly rpc: string;
  /** Names of methods, of which the first that the deployment has answers. Absent if `method` is known to be the one. */
  readonly candidates?: readonly string[];
  /** Metadata: name, value, name, value, … A value under a name that ends in `-bin` is base64. */
  readonly metadata: readonly string[];
  readonly modelId?: string;
  /** Address of the client. */
  readonly peer: string;
}

/** The head of a request that a router sends to a replica. */
export type RequestHead = HttpCallHead | MethodCallHead | GrpcCallHead;

/** The head of a replica's answer. `queue` is the number of requests that the replica works on. */
export type AnswerHead =
  | {
      readonly kind: 'http';
      readonly status: number;
      readonly headers: string[];
      readonly queue?: number;
      /** The answer is that of an error: whoever passes it on says as much of it as its client may know, under these headers. */
      readonly error?: WireError;
    }
  /** The metadata that comes before the messages, in the form of the request's. */
  | { readonly kind: 'grpc'; readonly queue?: number; readonly metadata: readonly string[] }
  | { readonly kind: 'value'; readonly queue?: number }
  /** The replica keeps the value, as the caller has asked. No body follows; the call stays open until the caller cancels it. */
  | { readonly kind: 'kept'; readonly kept: KeptAnswer; readonly queue?: number }
  /** The body is a sequence of items, each `encodeItem` of a value. */
  | { readonly kind: 'items'; readonly queue?: number };

type Fields<T> = { readonly [K in keyof T]?: unknown };

const isText = (value: unknown): boolean => typeof value === 'string';
const isAbsent = (value: unknown): boolean => value === undefined;
/** JSON has no NaN and no Infinity, but `1e999` becomes Infinity. */
const isAmount = (value: unknown): boolean => typeof value === 'number' && Number.isFinite(value) && value >= 0;

const isKeptAnswer = (value: unknown): value is KeptAnswer => {
  const { id, path, replica, deployment, bytes } = (value ?? {}) as Fields<KeptAnswer>;
  return Number.isSafeInteger(id) && [path, replica, deployment].every(isText) && isAmount(bytes);
};

/** The kinds of calls that replicas answer. */
export const REQUEST_KINDS: CallKinds = {
  nameOf(head) {
    const { kind, method, url } = head as HttpCallHead;
    if (head.kind === 'kept') return 'read of a kept answer';
    return kind === 'http' ? `${method} ${url}` : `method ${method}`;
  },

  headFault(head) {
    const given = head as Fields<HttpCallHead> & Fields<Omit<MethodCallHead, 'kind'>>;
    if (head.kind === 'kept') return Number.isSafeInteger((head as KeptCallHead).id) ? null : 'its answer has no number';
    if (given.kind !== 'http' && head.kind !== 'method' && head.kind !== 'grpc') return 'its kind is not known';
    if (!isText(given.method) || !isText(given.requestId)) return 'it has no method or no id';
    if (![given.deadlineMs, given.budgetMs].every((ms) => isAbsent(ms) || isAmount(ms))) return 'its time is not a number';
    if (!isAbsent(given.budgetOf) && !isText(given.budgetOf)) return 'its deadline has no name';
    if (head.kind === 'grpc') return grpcFault(head as unknown as Fields<GrpcCallHead>);
    if (head.kind === 'method') {
      if (!isAbsent(given.affinity) && !isText(given.affinity)) return 'its affinity is not a text';
      return isAbsent(given.modelId) || isText(given.modelId) ? null : 'its model has no name';
    }
    if (![given.upgrade, given.secure].every((yes) => isAbsent(yes) || yes === true)) return 'its upgrade or secure is no yes';
    if (![given.url, given.host, given.prefix].every(isText)) return 'it has no URL, host or prefix';
    return headersFault(given.headers);
  },

  /** The proxy checks the answers to HTTP calls: it knows what HTTP allows. */
  answerFault(call, { kind, kept }: ResponseHead) {
    if (call.kind === 'http' || (call.kind === 'grpc' ? kind === 'grpc' : kind === 'value')) return null;
    if (kind === 'items' && call.kind === 'method') return null;
    if (kind === 'kept' && call.kind === 'method' && isKeptAnswer(kept)) return null;
    return `an answer of the kind ${JSON.stringify(kind)} to a ${call.kind} call`;
  },
};

function grpcFault({ rpc, candidates = [], metadata, modelId, peer }: Fields<GrpcCallHead>): string | null {
  if (!isText(rpc) || !isText(peer)) return 'it names no RPC or no peer';
  if (!isAbsent(modelId) && !isText(modelId)) return 'its model has no name';
  if (!Array.isArray(candidates) || !candidates.every(isText)) return 'its methods have no names';
  return Array.isArray(metadata) && metadata.every(isText) && metadata.length % 2 === 0
    ? null
    : 'its metadata are not pairs of texts';
}
