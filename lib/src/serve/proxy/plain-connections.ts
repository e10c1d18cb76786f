import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { Server as SecureServer } from 'node:tls';
import { ClientConnection } from './client-connection.js';
import { PlainConnection, type PlainHost } from './plain-connection.js';
import type { PlainRequest } from './plain-request.js';
import type { PlainResponse } from './plain-response.js';

/** An idle connection may stay open longer than its time by at most this part of it. */
const SWEEPS = 8;

/** Stands before Node's server: each connection begins as a plain one. */
export class PlainConnections implements PlainHost {
  readonly keepAliveHeader: string;
  readonly handle: (request: PlainRequest, response: PlainResponse) => void;
  draining = false;
  readonly #open = new Set<PlainConnection>();
  readonly #server: Server;
  readonly #nodes: ((socket: Socket) => void)[];
  readonly #timer: NodeJS.Timeout;

  constructor(server: Server, handle: (request: PlainRequest, response: PlainResponse) => void) {
    this.#server = server;
    this.handle = handle;
    const { keepAliveTimeout } = server;
    this.keepAliveHeader = `Connection: keep-alive\r\nKeep-Alive: timeout=${Math.floor(keepAliveTimeout / 1000)}\r\n`;
    // A server with TLS does its handshake at 'connection'; requests are read from 'secureConnection' on.
    const event = server instanceof SecureServer ? 'secureConnection' : 'connection';
    this.#nodes = server.listeners(event) as ((socket: Socket) => void)[];
    server.removeAllListeners(event);
    server.on(event, (socket: Socket) => this.#open.add(new PlainConnection(socket, this)));
    this.#timer = setInterval(() => this.#sweep(), keepAliveTimeout / SWEEPS).unref();
  }

  handOver(socket: Socket, bytes: Buffer | null): void {
    const { readableEnded } = socket;
    if (!readableEnded) {
      socket.pause();
      if (bytes !== null) socket.unshift(bytes);
    }
    for (const listener of this.#nodes) listener.call(this.#server, socket);
    if (!readableEnded) {
      socket.resume();
      return;
    }
    // Bytes cannot be put back into a socket that has ended.
    if (bytes !== null) socket.emit('data', bytes);
    // If they are malformed, Node would close the connection before the error is answered.
    if (!ClientConnection.of(socket).isRefused) socket.emit('end');
  }

  closed(connection: PlainConnection): void {
    this.#open.delete(connection);
  }

  /** Ends each connection when its current request is answered. */
  drain(): void {
    this.draining = true;
    clearInterval(this.#timer);
    for (const connection of [...this.#open]) connection.closeIfIdle();
  }

  #sweep(): void {
    for (const connection of [...this.#open]) connection.sweep(SWEEPS);
  }
}
