import { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

type Handler = (request: never, response: never) => void;

/**
 * Node's HTTP server without a port: it gets its requests as events. Fastify treats it as a server that listens, so the hooks for the start and the end of
 * listening run as usual.
 */
export class VirtualServer extends Server {
  /** Resolves when the requests that were begun have ended. */
  readonly #drained: () => Promise<void>;

  constructor(handler: Handler, drained: () => Promise<void>) {
    super(handler as never);
    this.#drained = drained;
  }

  override listen(...args: unknown[]): this {
    const listener = args.findLast((argument) => typeof argument === 'function') as (() => void) | undefined;
    if (listener !== undefined) this.once('listening', listener);
    process.nextTick(() => this.emit('listening'));
    return this;
  }

  override close(callback?: (error?: Error) => void): this {
    void this.#drained().then(() => {
      this.emit('close');
      callback?.();
    });
    return this;
  }

  override address(): AddressInfo {
    return { address: '127.0.0.1', family: 'IPv4', port: 0 };
  }
}
