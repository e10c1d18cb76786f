import { registerExtension } from '../../core/index.js';
import type { IncomingCall } from '../../ipc/index.js';
import type { HttpCallHead } from '../protocol/index.js';
import { LazyRequest, SentRequest } from './lazy-request.js';

interface Wire {
  readonly head: HttpCallHead;
  readonly body: Uint8Array;
}

/** Makes it possible to send a request, whose body was read, to another replica: as the input of a graph. */
export function registerSentRequest(): void {
  registerExtension<unknown, Wire>({
    name: 'request',
    test: (value) => value instanceof SentRequest,
    encode: (value) => ({ head: (value as SentRequest).head, body: (value as SentRequest).body }),
    // The request is here as a whole, so nothing is left of its call.
    decode: ({ head, body }) => {
      const request = new LazyRequest({ body, streaming: false, cancelled: false } as unknown as IncomingCall, head);
      arrived = [...arrived, request];
      return request;
    },
  });
}

const NONE: readonly LazyRequest[] = [];
let arrived = NONE;

/** The requests that were decoded since this was called last: those anywhere in the arguments of a call, if it is called right after them. */
export function takeRequests(): readonly LazyRequest[] {
  const taken = arrived;
  arrived = NONE;
  return taken;
}
