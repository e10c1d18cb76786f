import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { controllerSocket, hasCode } from '../core/index.js';
import {
  type CallOptions,
  type Channel,
  ConnectFailed,
  callOp,
  connect,
  type Hello,
  type OpCaller,
  PeerGone,
} from '../ipc/index.js';
import { replicaCluster } from './handle/index.js';
import type { ControllerOps } from './protocol/index.js';

/** How long a controller that is being started again is waited for. */
const RECONNECT_MS = 10_000;
const RETRY_MS = 50;
/** One that kills each controller must not be asked for ever. */
const MAX_TRIES = 3;

interface ControllerLinkOptions {
  readonly token: string;
  readonly hello: Hello;
  /** Its connection does not keep this process alive. */
  readonly unref: boolean;
}

/** The driver's connection to the controller; opened again after the agent has replaced a controller that died. */
export class ControllerLink {
  readonly #dir: string;
  readonly #options: ControllerLinkOptions;
  #channel: Promise<Channel> | null = null;
  #closed = false;

  constructor(dir: string, options: ControllerLinkOptions) {
    this.#dir = dir;
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

  /**
   * One operation. Where the controller dies in it, its successor is asked again: each operation says what is to be, so asking twice is asking
   * once, and what the first one had accepted goes on.
   * @throws NBS_PEER_GONE where there is no cluster any more, NBS_CONNECT_FAILED where no successor comes up
   */
  readonly call: OpCaller<ControllerOps> = async (op, args, options?: CallOptions) => {
    for (let tries = 1; ; tries += 1) {
      try {
        return await callOp<ControllerOps, typeof op>(await this.channel(), op, args, options);
      } catch (error) {
        if (!hasCode(error, PeerGone) || tries === MAX_TRIES || this.#isOver()) throw error;
      }
    }
  };

  close(): void {
    this.#closed = true;
    this.#channel?.then(
      (channel) => channel.close(),
      () => {},
    );
    this.#channel = null;
  }

  /** No controller will come again. */
  #isOver(): boolean {
    return this.#closed || !existsSync(this.#dir);
  }

  async #open(): Promise<Channel> {
    const deadline = Date.now() + RECONNECT_MS;
    for (;;) {
      try {
        const channel = await connect({ path: controllerSocket(this.#dir) }, this.#options);
        if (this.#options.unref) channel.unref();
        return channel;
      } catch (error) {
        if (!hasCode(error, ConnectFailed) || Date.now() > deadline || this.#isOver()) throw error;
        await delay(RETRY_MS);
      }
    }
  }
}

let link: ControllerLink | null = null;

/** In a replica, what asks the controller of its cluster; elsewhere `undefined`. */
export function inReplica(): { readonly call: OpCaller<ControllerOps> } | undefined {
  const cluster = replicaCluster();
  if (cluster === undefined) return undefined;
  const { dir, token, hello } = cluster;
  link ??= new ControllerLink(dir, { token, hello, unref: true });
  return link;
}
