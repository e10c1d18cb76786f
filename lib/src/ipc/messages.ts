import type { FeedChange } from './feed-change.js';

/** Every message that processes exchange, as unions discriminated by `kind`. Heads and notifications travel as JSON. */

/** What each side says of itself once the connection is authenticated. */
export interface Hello {
  readonly role: string;
  readonly id: string;
  readonly protocol: number;
  /** Version of the nbserve package; another minor version is refused with NBS_VERSION_SKEW. */
  readonly version: string;
}

export type Address = { readonly path: string } | { readonly host: string; readonly port: number };

export interface HttpCallHead {
  readonly kind: 'http';
  readonly method: string;
  /** Path and query, as the client sent them. */
  readonly url: string;
  /** Name, value, name, value, … */
  readonly headers: string[];
  readonly host: string;
  /** The route prefix that matched. */
  readonly prefix: string;
  /** Milliseconds left for the answer at the moment of sending; the channel fails the call with NBS_DEADLINE past it. */
  readonly deadlineMs?: number;
  /** What is left of the caller's deadline at the moment of sending; for the calls that the receiver makes in turn. The channel does not look at it. */
  budgetMs?: number;
  /** Whose deadline that is, for messages. @default the deployment's own */
  budgetOf?: string;
  /** Others may go first; the calls that the receiver makes in turn are batch ones as well. @default interactive */
  readonly priority?: 'batch';
  readonly requestId: string;
  /** Length of the body in bytes where it is known. Up to `WHOLE_BODY_MAX` the receiver gets the body as one piece. */
  readonly length?: number;
}

/** A call of a method through a handle. The body is `encodeValue` of the array of arguments. */
export interface MethodCallHead {
  readonly kind: 'method';
  readonly method: string;
  /** As in {@link HttpCallHead.deadlineMs}. */
  readonly deadlineMs?: number;
  /** These as in {@link HttpCallHead}. */
  budgetMs?: number;
  budgetOf?: string;
  readonly priority?: 'batch';
  readonly requestId: string;
  readonly length?: number;
  /** Model that the call is for, where the deployment serves several (`multiplexedModelId` of a handle). */
  readonly modelId?: string;
  /** The caller takes an iterable answer (`items`). */
  readonly streaming?: boolean;
}

/** A call of the control plane; see `callOp` and `handleOps`. */
export interface ControlCallHead {
  readonly kind: 'control';
  readonly op: string;
  readonly length?: number;
}

export type CallHead = HttpCallHead | MethodCallHead | ControlCallHead;

export type ResponseHead =
  | { readonly kind: 'http'; readonly status: number; readonly headers: string[]; readonly queue?: number }
  /** The body is `encodeValue` of the result. `queue`: calls in progress at the answering process. */
  | { readonly kind: 'value'; readonly queue?: number }
  /** The body is a sequence of items, each `encodeItem` of a value. */
  | { readonly kind: 'items'; readonly queue?: number };

export type FeedMessage =
  | { readonly kind: 'feed'; readonly topic: string; readonly version: number; readonly value: unknown }
  /** In place of the whole value, to a peer that was sent the version before on this connection. */
  | { readonly kind: 'feed-change'; readonly topic: string; readonly version: number; readonly change: FeedChange }
  | { readonly kind: 'feed-ack'; readonly topic: string; readonly version: number };

export type Notification =
  | {
      readonly kind: 'log';
      readonly processId: string;
      readonly role: string;
      readonly label: string;
      readonly stream: 'stdout' | 'stderr';
      readonly text: string;
    }
  /** Anything else that one side tells the other; `value` is JSON. */
  | { readonly kind: 'event'; readonly topic: string; readonly value: unknown }
  | FeedMessage;
