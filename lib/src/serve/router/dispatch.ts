import type { OutgoingCall, ResponseSink } from '../../ipc/index.js';
import type { DeploymentKey, DeploymentRoute, RequestHead, RouteSnapshot } from '../protocol/index.js';

/** One request for a deployment, as the proxy and handles give it to a {@link RouterLike}. */
export interface Dispatch {
  readonly key: DeploymentKey;
  /** `fetch` for HTTP, else the method's name: what `idempotent` of the deployment is asked about. */
  readonly method: string;
  /** Goes to the replica; the router writes into it what is left of the time, so each request has one of its own. The router keeps the deadline itself, so leave `deadlineMs` out. */
  readonly head: RequestHead;
  /** The whole body, none, or `'stream'`: written with `write`/`end` of the returned call. */
  readonly body: Uint8Array | null | 'stream';
  /**
   * Told what happened, exactly once to the end: `onStarted?`, `onHead`, `onData`*, `onEnd`; or `onError` at any point. Never told before
   * `dispatch` has returned. After `onHead`, grant credit with `call.consumed(bytes)`.
   */
  readonly sink: ResponseSink;
  /** Overrides the deployment's `requestTimeoutMs`; `null` is no deadline. */
  readonly timeoutMs?: number | null;
  /** False: it goes to a replica that has room now, or fails with NBS_QUEUE_FULL. @default true */
  readonly mayWait?: boolean;
  /** A deadline from outside: it only shortens. */
  readonly limit?: DeadlineLimit;
}

/** What is left of a deadline that somebody else set. */
export interface DeadlineLimit {
  readonly leftMs: number;
  /** Whose it is, for messages: `the requestTimeout of app/deployment`. */
  readonly of: string;
}

/** Sends requests to replicas. Errors come to the sink. */
export interface RouterLike {
  /** Never throws. */
  dispatch(request: Dispatch): OutgoingCall;
  /** What the controller published last; `null` before the first one. */
  readonly snapshot: RouteSnapshot | null;
  /** Resolves with the first snapshot of at least this version. Rejects with NBS_ROUTER_CLOSED. */
  whenSnapshot(version: number): Promise<RouteSnapshot>;
  /** Called with each snapshot, the present one included. Returns what ends it. */
  onSnapshot(listener: (snapshot: RouteSnapshot) => void): () => void;
  /** Fails what waits, and closes the connections once their requests are done. */
  close(): void;
}

/** Whether a method may run twice for one request. */
export function isIdempotent({ idempotent }: DeploymentRoute, method: string): boolean {
  return idempotent === true || idempotent.includes(method);
}
