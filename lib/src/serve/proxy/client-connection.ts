import type { Socket } from 'node:net';
import type { Exchange } from './exchange.js';

const CONNECTION = Symbol('connection');

/** A client's connection with the requests that are open on it; one listener tells all of them when it ends. */
export class ClientConnection {
  readonly open = new Set<Exchange>();

  private constructor(socket: Socket) {
    socket.once('close', () => {
      for (const exchange of [...this.open]) exchange.abandon();
    });
  }

  static of(socket: Socket & { [CONNECTION]?: ClientConnection }): ClientConnection {
    socket[CONNECTION] ??= new ClientConnection(socket);
    return socket[CONNECTION];
  }
}
