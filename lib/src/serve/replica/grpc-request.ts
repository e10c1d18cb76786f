import { BadMetadata, metadataFault } from '../../grpc/index.js';
import type { GrpcCall, GrpcCallHead } from '../protocol/index.js';

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
  const flat = [...headers].flat();
  const fault = metadataFault(flat);
  if (fault !== null) throw BadMetadata(fault);
  return flat;
}
