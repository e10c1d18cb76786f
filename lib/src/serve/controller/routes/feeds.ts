import { type Clock, deferred } from '../../../core/index.js';
import { type Channel, FeedPublisher } from '../../../ipc/index.js';
import { ROUTES_TOPIC, type RouteSnapshot } from '../../protocol/index.js';

/** How long a deploy waits for proxies. A proxy that is blocked for longer still gets the routes, but later. */
const PROXY_ACK_MS = 5000;
/** A drain begins after this time at the latest. Requests to a draining replica are then sent to another one. */
const BEFORE_DRAIN_MS = 500;

/** The routes feed. Proxies have a publisher of their own, because deploys wait for them, but not for a notebook or a replica that is busy. */
export class RouteFeeds {
  readonly #proxies = new FeedPublisher();
  readonly #others = new FeedPublisher();
  readonly #clock: Clock;
  readonly #proxyExpected: () => Promise<boolean>;
  #proxyVersion = 0;
  /** True when a proxy has connected. */
  #hasSeenProxy = false;
  readonly #proxySeen = deferred<void>();

  /** @param proxyExpected whether the cluster has a proxy at all */
  constructor(clock: Clock, proxyExpected: () => Promise<boolean>) {
    this.#clock = clock;
    this.#proxyExpected = proxyExpected;
  }

  attach(channel: Channel): void {
    const isProxy = channel.peer.role === 'proxy';
    (isProxy ? this.#proxies : this.#others).attach(channel);
    if (!isProxy) return;
    this.#hasSeenProxy = true;
    this.#proxySeen.resolve();
  }

  publish(snapshot: RouteSnapshot): void {
    this.#proxyVersion = this.#proxies.set(ROUTES_TOPIC, snapshot);
    this.#others.set(ROUTES_TOPIC, snapshot);
  }

  async proxiesKnow(): Promise<void> {
    if (!this.#hasSeenProxy && (await this.#proxyExpected())) await this.#orAfter(PROXY_ACK_MS, this.#proxySeen.promise);
    await this.#proxies.acked(ROUTES_TOPIC, this.#proxyVersion, PROXY_ACK_MS).catch(() => {});
  }

  /** This does not wait for handles, because notebooks and replicas may be busy for a long time. */
  async proxiesKnowSoon(): Promise<void> {
    await this.#proxies.acked(ROUTES_TOPIC, this.#proxyVersion, BEFORE_DRAIN_MS).catch(() => {});
  }

  async #orAfter(ms: number, event: Promise<void>): Promise<void> {
    let cancel = (): void => {};
    const timeout = new Promise<void>((resolve) => {
      cancel = this.#clock.after(ms, resolve);
    });
    await Promise.race([event, timeout]);
    cancel();
  }
}
