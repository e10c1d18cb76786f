import type { Socket } from 'node:net';
import { isLoopbackName } from './access.js';
import type { Exchange } from './exchange.js';

const CONNECTION = Symbol('connection');

/** A client's connection with the requests that are open on it; one listener tells all of them when it ends. */
export class ClientConnection {
  readonly open = new Set<Exchange>();
  /** The client is on this machine. */
  readonly isLocal: boolean;

  private constructor(socket: Socket) {
    this.isLocal = socket.remoteAddress !== undefined && isLoopbackName(socket.remoteAddress);
    socket.once('close', () => {
      for (const exchange of [...this.open]) exchange.abandon();
    });
  }

  static of(socket: Socket & { [CONNECTION]?: ClientConnection }): ClientConnection {
    socket[CONNECTION] ??= new ClientConnection(socket);
    return socket[CONNECTION];
  }
}
