import type { CallKinds, Channel } from './channel.js';
import type { Outbox } from './outbox.js';

/** What the streams of calls need from their channel. */
export interface StreamHost {
  readonly channel: Channel;
  readonly outbox: Outbox;
  /** Name of the peer for messages. */
  readonly peerName: string;
  readonly kinds: CallKinds | null;
  /** Called when a STARTED frame was written. The operating system gets it before user code runs. */
  startedWritten(): void;
  forgetOutgoing(stream: number): void;
  forgetIncoming(stream: number): void;
}
