import { registerExtension } from '../../core/index.js';

interface Wire {
  readonly status: number;
  readonly statusText: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Uint8Array | null;
}

/** A Response whose body was read, in the form in which it is the result of a call. */
class SentResponse {
  constructor(readonly wire: Wire) {}
}

let prototype: object | null = null;

/** Whether a result is a Response. `instanceof` would cost more for each result. */
export function isResponse(value: unknown): value is Response {
  if (typeof value !== 'object' || value === null) return false;
  const own: unknown = Object.getPrototypeOf(value);
  if (own === Object.prototype || own === Array.prototype || own === null) return false;
  prototype ??= globalThis.Response.prototype;
  return Object.prototype.isPrototypeOf.call(prototype, value);
}

/** Reads the body of a Response, so that it can be sent as the result of a call. */
export async function sendableResponse(response: Response): Promise<object> {
  const { status, statusText } = response;
  const body = response.body === null ? null : new Uint8Array(await response.arrayBuffer());
  return new SentResponse({ status, statusText, headers: [...response.headers], body });
}

export function registerResponseCodec(): void {
  registerExtension<unknown, Wire>({
    name: 'http-response',
    test: (value) => value instanceof SentResponse,
    encode: (value) => (value as SentResponse).wire,
    decode: ({ status, statusText, headers, body }) =>
      new Response(body as Uint8Array<ArrayBuffer> | null, { status, statusText, headers: headers as [string, string][] }),
  });
}
