import type { Channel } from './channel.js';

export interface FeedSubscriberOptions {
  /** Opens a channel to the publisher; called again with back-off when it ends. */
  readonly connect: () => Promise<Channel>;
  /** Applies a value; acknowledged once it returns. */
  readonly onValue: (topic: string, value: unknown, version: number) => void;
  /** Called for each new channel, e.g. to set `onCall`. */
  readonly onChannel?: (channel: Channel) => void;
}

/** Keeps the last value of each topic, also while the publisher is away. */
export class FeedSubscriber {
  constructor(_options: FeedSubscriberOptions) {}

  /** The open channel, or null while the publisher is away. */
  get channel(): Channel | null {
    return null;
  }

  /** The last value of a topic; undefined before the first. */
  get(_topic: string): unknown {
    return undefined;
  }

  /** Connects, and goes on doing so. Resolves at the first connection. */
  start(): Promise<void> {
    throw new Error('not built yet');
  }

  stop(): void {}
}
