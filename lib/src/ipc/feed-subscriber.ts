import { type Clock, createLog, systemClock } from '../core/index.js';
import type { Channel } from './channel.js';
import { withChange } from './feed-change.js';
import type { FeedMessage } from './messages.js';

const FIRST_DELAY_MS = 20;
const LAST_DELAY_MS = 1000;

const log = createLog('feed');

export interface FeedSubscriberOptions {
  /** Opens a channel to the publisher. It is called again, with growing pauses, when the channel ends. */
  readonly connect: () => Promise<Channel>;
  /** Applies a value. The value is acknowledged when this returns. */
  readonly onValue: (topic: string, value: unknown, version: number) => void;
  /** Called for each new channel, e.g. to set `onCall`. */
  readonly onChannel?: (channel: Channel) => void;
  /** @default systemClock */
  readonly clock?: Clock;
}

/** Keeps the last value of each topic, even while the publisher cannot be reached. */
export class FeedSubscriber {
  readonly #options: FeedSubscriberOptions;
  readonly #clock: Clock;
  readonly #values = new Map<string, unknown>();
  #channel: Channel | null = null;
  #delayMs = FIRST_DELAY_MS;
  #stopped = false;
  #cancelRetry: (() => void) | null = null;
  #onFirst: (() => void) | null = null;

  constructor(options: FeedSubscriberOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /** The open channel, or null while the publisher cannot be reached. */
  get channel(): Channel | null {
    return this.#channel;
  }

  /** The last value of a topic; undefined before the first one arrives. */
  get(topic: string): unknown {
    return this.#values.get(topic);
  }

  /** Connects, and connects again after each failure. Resolves at the first connection, or when `stop` is called. */
  start(): Promise<void> {
    return new Promise((resolve) => {
      this.#onFirst = resolve;
      void this.#connect();
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelRetry?.();
    this.#channel?.close();
    this.#onFirst?.();
  }

  async #connect(): Promise<void> {
    this.#cancelRetry = null;
    try {
      const channel = await this.#options.connect();
      if (this.#stopped) return channel.close();
      this.#open(channel);
    } catch (error) {
      log.debug({ err: error }, 'the publisher is away');
      this.#retry();
    }
  }

  #open(channel: Channel): void {
    this.#channel = channel;
    channel.onFeed = (message) => this.#receive(channel, message);
    this.#options.onChannel?.(channel);
    this.#onFirst?.();
    void channel.closed.then(() => {
      this.#channel = null;
      this.#retry();
    });
  }

  /**
   * Another publisher counts its versions from the start, so the first values on a new channel are always the newest. If a value cannot be applied,
   * it is not acknowledged; it is kept nevertheless, because later changes refer to it.
   */
  #receive(channel: Channel, message: FeedMessage): void {
    if (message.kind === 'feed-ack') return;
    const { topic, version } = message;
    try {
      const value = message.kind === 'feed' ? message.value : withChange(this.#values.get(topic), message.change);
      this.#delayMs = FIRST_DELAY_MS;
      this.#values.set(topic, value);
      this.#options.onValue(topic, value, version);
    } catch (error) {
      log.error({ err: error, topic, version }, 'a value could not be applied');
      return;
    }
    channel.notify({ kind: 'feed-ack', topic, version });
  }

  #retry(): void {
    if (this.#stopped) return;
    const delay = this.#delayMs;
    this.#delayMs = Math.min(delay * 2, LAST_DELAY_MS);
    this.#cancelRetry = this.#clock.after(delay, () => void this.#connect());
  }
}
