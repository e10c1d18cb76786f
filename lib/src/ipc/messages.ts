import type { FeedChange } from './feed-change.js';

/** All messages between processes, as unions that `kind` discriminates. Heads and notifications are sent as JSON. */

/** What each side says about itself when the connection is authenticated. */
export interface Hello {
  readonly role: string;
  readonly id: string;
  readonly protocol: number;
  /** Version of the nbserve package. If the minor version differs, the connection is refused with NBS_VERSION_SKEW. */
  readonly version: string;
}

/** Between the name of a node and its pass, in the id by which its agent introduces itself. A name of a node does not contain it. */
export const PASS_MARK = '#';

/** A peer in messages. The pass of a node's agent is a secret, so it is left out. */
export const showPeer = ({ role, id }: Hello): string => `${role} ${role === 'agent' ? id.split(PASS_MARK, 1)[0] : id}`;

/** A certificate of the cluster and its private key, with the certificate of the authority that signs all of them; each in PEM. */
export interface TlsIdentity {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  /** True for certificates of the user. They name hosts, by address or by `serverName`; those of a cluster name nodes. */
  readonly byHost?: boolean;
  /** A DNS name that the certificates of all machines have. */
  readonly serverName?: string;
}

/** Paths of certificates that the user has made, in PEM, on one machine. */
export interface CertificateFiles {
  /** The machine's certificate, with the chain behind it. */
  readonly cert: string;
  readonly key: string;
  /** The authority that has signed the certificates of all machines. */
  readonly ca: string;
  /** A DNS name that the certificates of all machines have. Without it, each has the address of its machine. */
  readonly serverName?: string;
}

/** A Unix socket of this machine, or TCP. */
export type Address =
  | { readonly path: string }
  | {
      readonly host: string;
      readonly port: number;
      /** If it is present, the connection uses TLS, and both sides must have a certificate of the cluster. */
      readonly tls?: TlsIdentity;
      /** The name that the certificate of the other side must have, if a connection is opened. Default: any. */
      readonly peerName?: string;
    };

/** What the channel reads of a call's head. The rest of the head belongs to those who define the call's kind; see `CallKinds`. */
export interface AnyCallHead {
  readonly kind: string;
  /** Length of the body in bytes, if it is known. If it is at most `WHOLE_BODY_MAX`, the receiver gets the body as one piece. */
  readonly length?: number;
  /** Milliseconds until the answer must be complete, from the moment of sending. After that, the sending channel fails the call with NBS_DEADLINE. */
  readonly deadlineMs?: number;
}

/** A call of the control plane; see `callOp` and `handleOps`. */
export interface ControlCallHead extends AnyCallHead {
  readonly kind: 'control';
  readonly op: string;
}

export type CallHead = AnyCallHead | ControlCallHead;

/** The channel itself makes and reads answers of the kind `value`: their body is `encodeValue` of the result. */
export interface ResponseHead {
  readonly kind: string;
  readonly [field: string]: unknown;
}

export type FeedMessage =
  | { readonly kind: 'feed'; readonly topic: string; readonly version: number; readonly value: unknown }
  /** Replaces the whole value for a peer that got the previous version on this connection. */
  | { readonly kind: 'feed-change'; readonly topic: string; readonly version: number; readonly change: FeedChange }
  | { readonly kind: 'feed-ack'; readonly topic: string; readonly version: number };

export type Notification =
  /** Any other message to the peer; `value` is JSON. */
  { readonly kind: 'event'; readonly topic: string; readonly value: unknown } | FeedMessage;
