import { type Clock, deferred } from '../../../core/index.js';
import { type Channel, FeedPublisher } from '../../../ipc/index.js';
import { ROUTES_TOPIC, type RouteSnapshot } from '../../protocol/index.js';

/** How long a deploy waits for proxies. One that is blocked that long still learns, only later. */
const PROXY_ACK_MS = 5000;
/** A drain begins at the latest then: whoever still asks a draining replica is sent on to another one. */
const BEFORE_DRAIN_MS = 500;

/** The routes feed. Proxies have a publisher of their own: deploys wait for them, and not for a notebook or replica that is busy. */
export class RouteFeeds {
  readonly #proxies = new FeedPublisher();
  readonly #others = new FeedPublisher();
  readonly #clock: Clock;
  readonly #proxyExpected: () => Promise<boolean>;
  #proxyVersion = 0;
  /** Settled when the first proxy connects. */
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

  /** Handles are not waited for: they live in notebooks and replicas, which may be busy for long. */
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
