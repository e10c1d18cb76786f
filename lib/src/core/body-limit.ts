import { aboutInput, defineError } from './errors.js';

export const RequestTooLarge = defineError(
  'NBS_REQUEST_TOO_LARGE',
  413,
  'the body of the request has more than {max} bytes, which is the most that is read here; send less at once',
);
/** 64 MiB of JSON: as much as `nbserve serve` takes by gRPC. As values, it takes several times this memory. */
export const MAX_JSON_BYTES = 64 * 1024 * 1024;
/** 1 GiB of files, bytes or tensors: as much as one value that is sent to another process. */
export const MAX_UPLOAD_BYTES = 1024 * 1024 * 1024;

/** A request whose body nbserve reads into memory for its own answer. */
export interface LimitedRequest {
  readonly headers: { get(name: string): string | null };
  /** That of a replica counts what arrives. @throws NBS_REQUEST_TOO_LARGE if the client says that it is more */
  limitBody?(maxBytes: number): void;
}

export const requestTooLarge = (max: number): Error => aboutInput(RequestTooLarge({ max }));

/**
 * Limits the body of a request, and is to be called before the body is read. If the client does not say how long it is, reading fails when it is too long.
 * @throws NBS_REQUEST_TOO_LARGE
 */
export function limitBody(request: LimitedRequest, maxBytes: number): void {
  if (request.limitBody !== undefined) request.limitBody(maxBytes);
  else if (Number(request.headers.get('content-length')) > maxBytes) throw requestTooLarge(maxBytes);
}
