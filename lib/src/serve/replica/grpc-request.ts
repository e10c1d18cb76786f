import { BadMetadata } from '../../grpc/index.js';
import type { GrpcCall, GrpcCallHead } from '../protocol/index.js';

/** The names that gRPC itself uses, besides those that begin with `grpc-`. */
const RESERVED = new Set(['content-type', 'te', 'user-agent', 'connection', 'transfer-encoding', 'host', 'status']);

/** Clients of gRPC accept 8 KiB by default, with the status and its message. */
const MAX_METADATA = 6000;

/** What user code learns about its call, and says besides its messages. */
export class GrpcRequest implements GrpcCall {
  readonly rpc: string;
  readonly requestId: string;
  readonly peer: string;
  readonly deadline: number | null;
  readonly responseMetadata = new Headers();
  readonly trailers = new Headers();
  readonly #sent: readonly string[];
  #metadata: Headers | null = null;
  #controller: AbortController | null = null;
  #aborted: string | null = null;

  constructor({ rpc, requestId, peer, metadata, budgetMs }: GrpcCallHead) {
    this.rpc = rpc;
    this.requestId = requestId;
    this.peer = peer;
    this.#sent = metadata;
    this.deadline = budgetMs === undefined ? null : Date.now() + budgetMs;
  }

  get metadata(): Headers {
    this.#metadata ??= new Headers(pairsOf(this.#sent));
    return this.#metadata;
  }

  get signal(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController();
      if (this.#aborted !== null) this.abort(this.#aborted);
    }
    return this.#controller.signal;
  }

  abort(reason: string): void {
    this.#aborted = reason;
    this.#controller?.abort(new DOMException(reason, 'AbortError'));
  }
}

function pairsOf(flat: readonly string[]): [string, string][] {
  const pairs: [string, string][] = [];
  for (let i = 0; i + 1 < flat.length; i += 2) pairs.push([flat[i] as string, flat[i + 1] as string]);
  return pairs;
}

/** The metadata in the form in which they are sent to the proxy. @throws NBS_BAD_METADATA if gRPC cannot carry them */
export function flatMetadata(headers: Headers): readonly string[] {
  const flat: string[] = [];
  let bytes = 0;
  for (const [name, value] of headers) {
    const reason = metadataFault(name, value);
    if (reason !== null) throw BadMetadata({ name, reason });
    bytes += name.length + value.length;
    if (bytes > MAX_METADATA) throw BadMetadata({ name, reason: `all together have over ${MAX_METADATA} characters` });
    flat.push(name, value);
  }
  return flat;
}

function metadataFault(name: string, value: string): string | null {
  if (name.startsWith('grpc-') || RESERVED.has(name)) return 'the name belongs to gRPC';
  if (!/^[\da-z_.-]+$/.test(name)) return 'a name has letters, digits, _, - and .';
  if (name.endsWith('-bin'))
    return /^[\d+/A-Za-z]*={0,2}$/.test(value) ? null : 'a value under a name that ends in -bin is base64';
  return /^[\x20-\x7e]*$/.test(value) ? null : 'a value has the printable characters of ASCII';
}
