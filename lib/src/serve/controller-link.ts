import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { hasCode } from '../core/index.js';
import { type CallOptions, type Channel, ConnectFailed, callOp, connect, type Hello, type OpCaller } from '../ipc/index.js';
import type { ControllerOps } from './protocol/index.js';

/** How long a controller that is being started again is waited for. */
const RECONNECT_MS = 10_000;
const RETRY_MS = 50;

interface ControllerLinkOptions {
  readonly token: string;
  readonly hello: Hello;
  /** Its connection does not keep this process alive. */
  readonly unref: boolean;
}

/** The driver's connection to the controller; opened again after the agent has replaced a controller that died. */
export class ControllerLink {
  readonly #address: { readonly path: string };
  readonly #options: ControllerLinkOptions;
  #channel: Promise<Channel> | null = null;

  constructor(dir: string, options: ControllerLinkOptions) {
    this.#address = { path: join(dir, 'c.sock') };
    this.#options = options;
  }

  /** An open channel. @throws NBS_CONNECT_FAILED where no controller comes up in time */
  channel(): Promise<Channel> {
    if (this.#channel !== null) return this.#channel;
    const opening = this.#open();
    this.#channel = opening;
    const forget = (): void => {
      if (this.#channel === opening) this.#channel = null;
    };
    opening.then((channel) => channel.closed.then(forget), forget);
    return opening;
  }

  /** One operation. Not repeated where the controller dies in it: NBS_PEER_GONE, and the caller decides. */
  readonly call: OpCaller<ControllerOps> = async (op, args, options?: CallOptions) =>
    callOp<ControllerOps, typeof op>(await this.channel(), op, args, options);

  close(): void {
    this.#channel?.then(
      (channel) => channel.close(),
      () => {},
    );
    this.#channel = null;
  }

  async #open(): Promise<Channel> {
    const deadline = Date.now() + RECONNECT_MS;
    for (;;) {
      try {
        const channel = await connect(this.#address, this.#options);
        if (this.#options.unref) channel.unref();
        return channel;
      } catch (error) {
        if (!hasCode(error, ConnectFailed) || Date.now() > deadline) throw error;
        await delay(RETRY_MS);
      }
    }
  }
}
