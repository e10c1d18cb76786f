import type { OutgoingCall, ResponseSink } from '../../ipc/index.js';
import type { DeploymentKey, DeploymentRoute, KeptAnswer, RequestHead, RouteSnapshot } from '../protocol/index.js';

/** One request for a deployment, in the form in which the proxy and handles give it to a {@link RouterLike}. */
export interface Dispatch {
  readonly key: DeploymentKey;
  /** `fetch` for HTTP, otherwise the name of the method. The option `idempotent` of the deployment refers to it. */
  readonly method: string;
  /**
   * The head that is sent to the replica. The router writes the remaining time into it, so each request needs a head of its own. The router checks
   * the deadline itself, so leave `deadlineMs` out.
   */
  readonly head: RequestHead;
  /** The whole body, none, or `'stream'`: then write it with `write` and `end` of the returned call. */
  readonly body: Uint8Array | null | 'stream';
  /**
   * Gets the result: `onStarted?`, `onHead`, `onData`*, `onEnd`, each in this order, or `onError` at any point; nothing follows `onEnd` or `onError`.
   * Nothing is called before `dispatch` has returned. After `onHead`, grant credit with `call.consumed(bytes)`.
   */
  readonly sink: AnswerSink;
  /** Replaces the deployment's `requestTimeoutMs`; `null` means no deadline. */
  readonly timeoutMs?: number | null;
  /** If false, the request goes to a replica that has room now, or fails with NBS_QUEUE_FULL. @default true */
  readonly mayWait?: boolean;
  /** A deadline that was set elsewhere. It can only shorten the time. */
  readonly limit?: DeadlineLimit;
}

/** The receiver of an answer that a replica may keep. */
export interface AnswerSink extends ResponseSink {
  /** Called when the replica that keeps the answer will end. If nobody needs the answer, cancel the call, so that the replica need not wait. */
  onLeaving?(): void;
}

/** The rest of a deadline that was set elsewhere. */
export interface DeadlineLimit {
  readonly leftMs: number;
  /** Names the deadline in messages: `the requestTimeout of app/deployment`. */
  readonly of: string;
}

/** Sends requests to replicas. Errors go to the sink. */
export interface RouterLike {
  /** This never throws. */
  dispatch(request: Dispatch): OutgoingCall;
  /** The last snapshot that the controller published; `null` before the first one. */
  readonly snapshot: RouteSnapshot | null;
  /** Resolves with the first snapshot that has at least this version. Rejects with NBS_ROUTER_CLOSED. */
  whenSnapshot(version: number): Promise<RouteSnapshot>;
  /** Calls the listener with the current snapshot and with each later one. Returns a function that ends this. */
  onSnapshot(listener: (snapshot: RouteSnapshot) => void): () => void;
  /**
   * Reads an answer at the replica that keeps it. Resolves with `encodeValue` of the value; no bytes are `undefined`.
   * @throws NBS_ANSWER_LOST; NBS_CANCELLED if the signal is aborted
   */
  readKept(answer: KeptAnswer, signal?: AbortSignal): Promise<Uint8Array>;
  /** Fails the requests that wait, and closes each connection when its requests have ended. */
  close(): void;
}

/** True if the request asks to speak another protocol, such as WebSocket. */
export const asksForUpgrade = ({ head }: Pick<Dispatch, 'head'>): boolean => head.kind === 'http' && head.upgrade === true;

/**
 * Whether a request may run twice, provided that no answer of the first run went out. The beginning of another protocol may: it is a GET, and it has
 * no effect before the client has its answer.
 */
export function mayRunTwice({ idempotent }: DeploymentRoute, request: Pick<Dispatch, 'head' | 'method'>): boolean {
  return idempotent === true || idempotent.includes(request.method) || asksForUpgrade(request);
}
