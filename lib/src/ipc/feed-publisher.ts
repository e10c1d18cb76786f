import { afterArrivals } from '../core/index.js';
import type { Channel } from './channel.js';
import { FeedUnacknowledged } from './errors.js';
import { changeBetween } from './feed-change.js';
import { type FeedMessage, showPeer } from './messages.js';

interface Subscriber {
  readonly channel: Channel;
  /** The newest version that the peer has applied, by topic. */
  readonly applied: Map<string, number>;
  /** Topics whose whole value is sent when the peer has read what it was sent before; null if it is not behind. */
  owed: Set<string> | null;
}

interface Waiter {
  readonly topic: string;
  readonly version: number;
  readonly resolve: () => void;
}

/**
 * Publishes the latest value of each topic to every attached channel: the whole value when the channel is attached, and after that only changes. If a
 * subscriber has not read for long, e.g. because its process is stopped, nothing more is sent to it. When it has read everything, it gets the whole value.
 * Values are never changed in place. Objects that did not change are kept, and not sent again.
 */
export class FeedPublisher {
  readonly #values = new Map<string, { version: number; value: unknown }>();
  readonly #subscribers = new Set<Subscriber>();
  readonly #waiters = new Set<Waiter>();

  /** Makes `value` (JSON) the next version of the topic and sends it to all channels. Returns the version. */
  set(topic: string, value: unknown): number {
    const last = this.#values.get(topic);
    const version = (last?.version ?? 0) + 1;
    this.#values.set(topic, { version, value });
    if (this.#subscribers.size === 0) return version;
    const change = last === undefined ? null : changeBetween(last.value, value);
    const message: FeedMessage =
      change === null ? { kind: 'feed', topic, version, value } : { kind: 'feed-change', topic, version, change };
    for (const subscriber of this.#subscribers) this.#send(subscriber, message);
    return version;
  }

  get(topic: string): { readonly version: number; readonly value: unknown } | undefined {
    return this.#values.get(topic);
  }

  /**
   * Resolves when every attached channel has applied this version or a newer one, or has closed.
   * @throws NBS_FEED_UNACKED with the names of the peers that have not applied it
   */
  acked(topic: string, version: number, timeoutMs: number): Promise<void> {
    if (this.#lagging(topic, version).length === 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        topic,
        version,
        resolve: () => {
          clearTimeout(timer);
          resolve();
        },
      };
      this.#waiters.add(waiter);
      const giveUp = (): void => {
        // What has arrived may have settled it.
        if (!this.#waiters.delete(waiter)) return;
        const peers = this.#lagging(topic, version).map(({ channel }) => showPeer(channel.peer));
        reject(FeedUnacknowledged({ topic, version, peers: peers.join(', '), timeoutMs }));
      };
      const dueAt = performance.now() + timeoutMs;
      const timer = setTimeout(() => afterArrivals(dueAt, giveUp), timeoutMs);
    });
  }

  /** Sends the current values and all later ones to the channel until it closes. */
  attach(channel: Channel): void {
    const subscriber: Subscriber = { channel, applied: new Map(), owed: null };
    this.#subscribers.add(subscriber);
    channel.onFeed = (message) => {
      if (message.kind !== 'feed-ack') return;
      subscriber.applied.set(message.topic, message.version);
      this.#settle();
    };
    for (const topic of this.#values.keys()) this.#sendWhole(channel, topic);
    void channel.closed.then(() => {
      this.#subscribers.delete(subscriber);
      this.#settle();
    });
  }

  #send(subscriber: Subscriber, message: FeedMessage): void {
    const { channel, owed } = subscriber;
    if (owed !== null) owed.add(message.topic);
    else if (!channel.isBehind) channel.notify(message);
    else {
      subscriber.owed = new Set([message.topic]);
      channel.whenDelivered(() => this.#catchUp(subscriber));
    }
  }

  #catchUp(subscriber: Subscriber): void {
    const { channel, owed } = subscriber;
    subscriber.owed = null;
    for (const topic of owed ?? []) this.#sendWhole(channel, topic);
  }

  #sendWhole(channel: Channel, topic: string): void {
    const last = this.#values.get(topic);
    if (last !== undefined) channel.notify({ kind: 'feed', topic, ...last });
  }

  #lagging(topic: string, version: number): Subscriber[] {
    return [...this.#subscribers].filter(({ channel, applied }) => !channel.isClosed && (applied.get(topic) ?? 0) < version);
  }

  #settle(): void {
    for (const waiter of this.#waiters) {
      if (this.#lagging(waiter.topic, waiter.version).length > 0) continue;
      this.#waiters.delete(waiter);
      waiter.resolve();
    }
  }
}
