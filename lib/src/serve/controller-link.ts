import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { hasCode, inOwnTurn } from '../core/index.js';
import {
  type CallOptions,
  type Channel,
  ConnectFailed,
  callOp,
  connectController,
  type Hello,
  type OpCaller,
  PeerGone,
} from '../ipc/index.js';
import { replicaCluster } from './handle/index.js';
import type { ControllerOps } from './protocol/index.js';

/** How long an operation waits for a controller that is being started again. */
const RECONNECT_MS = 10_000;
const RETRY_MS = 50;
/** Largest number of tries. An operation that kills each controller must not be repeated for ever. */
const MAX_TRIES = 3;

interface ControllerLinkOptions {
  readonly token: string;
  readonly hello: Hello;
  /** True if its connection does not keep this process alive. */
  readonly unref: boolean;
}

/** The driver's connection to the controller. If the controller dies, it is opened again when the agent has started another one. */
export class ControllerLink {
  readonly #dir: string;
  readonly #options: ControllerLinkOptions;
  #channel: Promise<Channel> | null = null;
  #closed = false;

  constructor(dir: string, options: ControllerLinkOptions) {
    this.#dir = dir;
    this.#options = options;
  }

  /** An open channel. @throws NBS_CONNECT_FAILED if no controller starts in time */
  channel(): Promise<Channel> {
    if (this.#channel !== null) return this.#channel;
    const opening = inOwnTurn(() => this.#open());
    this.#channel = opening;
    const forget = (): void => {
      if (this.#channel === opening) this.#channel = null;
    };
    opening.then((channel) => channel.closed.then(forget), forget);
    return opening;
  }

  /**
   * Calls one operation. If the controller dies meanwhile, the operation is sent to the next controller. Each operation says what state is wanted, so
   * to send it twice has the same effect as once, and what the first controller had accepted continues.
   * @throws NBS_PEER_GONE if the cluster has ended, NBS_CONNECT_FAILED if no controller starts in time
   */
  readonly call: OpCaller<ControllerOps> = (op, args, options?: CallOptions) =>
    this.during((channel) => callOp<ControllerOps, typeof op>(channel, op, args, options));

  /**
   * Does something over a channel. If the controller dies meanwhile, it is done again with the next controller, so twice must have the same effect as
   * once.
   * @throws what `work` throws; NBS_PEER_GONE if the cluster has ended, NBS_CONNECT_FAILED if no controller starts in time
   */
  async during<T>(work: (channel: Channel) => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await work(await this.channel());
      } catch (error) {
        if (!hasCode(error, PeerGone) || tries === MAX_TRIES || this.#isOver()) throw error;
      }
    }
  }

  close(): void {
    this.#closed = true;
    this.#channel?.then(
      (channel) => channel.close(),
      () => {},
    );
    this.#channel = null;
  }

  /** True if no other controller will be started. */
  #isOver(): boolean {
    return this.#closed || !existsSync(this.#dir);
  }

  async #open(): Promise<Channel> {
    const deadline = Date.now() + RECONNECT_MS;
    for (;;) {
      try {
        const channel = await connectController(this.#dir, this.#options);
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

/** In a replica, the connection to the controller of its cluster; otherwise `undefined`. */
export function inReplica(): { readonly call: OpCaller<ControllerOps> } | undefined {
  const cluster = replicaCluster();
  if (cluster === undefined) return undefined;
  const { dir, token, hello } = cluster;
  link ??= new ControllerLink(dir, { token, hello, unref: true });
  return link;
}
