/**
 * The second argument of a method that is called over gRPC. In metadata, a value under a name that ends in `-bin` is base64, as gRPC itself sends it.
 */
export interface GrpcCall {
  /** `/package.Service/Method` */
  readonly rpc: string;
  /** The id that the client gave in the metadata `request_id`, or a new one. */
  readonly requestId: string;
  /** Metadata that the client sent. */
  readonly metadata: Headers;
  /** Metadata for the client that are sent before the first message. What is set later is not sent. */
  readonly responseMetadata: Headers;
  /** Metadata for the client that are sent at the end, with the status. */
  readonly trailers: Headers;
  /** It is aborted when the client cancels or leaves, and at the deadline. */
  readonly signal: AbortSignal;
  /** The deadline in milliseconds since the epoch; `null` if there is none. */
  readonly deadline: number | null;
  /** Address of the client. */
  readonly peer: string;
}
