import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import type { PlainHead } from './plain-head.js';

/** A request that was read here and not by Node; its whole body has arrived. The members that both kinds have are like those of Node's request. */
export class PlainRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: string[];
  readonly socket: Socket;
  /** `null` if there is none. */
  readonly body: Uint8Array | null;
  readonly complete = true;

  constructor(head: PlainHead, body: Uint8Array | null, socket: Socket) {
    this.method = head.method;
    this.url = head.url;
    this.headers = head.headers;
    this.rawHeaders = head.rawHeaders;
    this.body = body;
    this.socket = socket;
  }

  isPaused(): boolean {
    return false;
  }

  resume(): this {
    return this;
  }
}
