import type { Channel } from './channel.js';

/** Publishes the latest value of each topic to every attached channel. */
export class FeedPublisher {
  /** Makes `value` (JSON) the topic's next version and sends it to all. Returns the version. */
  set(_topic: string, _value: unknown): number {
    throw new Error('not built yet');
  }

  /**
   * Resolves once every channel attached now has applied that version or closed.
   * @throws NBS_FEED_UNACKED naming the peers that lag
   */
  acked(_topic: string, _version: number, _timeoutMs: number): Promise<void> {
    throw new Error('not built yet');
  }

  /** Sends the present values to the channel and all later ones, until it closes. */
  attach(_channel: Channel): void {
    throw new Error('not built yet');
  }
}
