import type { CallKinds, Channel } from './channel.js';
import type { Outbox } from './outbox.js';

/** What calls need of the channel that carries them. */
export interface StreamHost {
  readonly channel: Channel;
  readonly outbox: Outbox;
  /** Name of the peer for messages. */
  readonly peerName: string;
  readonly kinds: CallKinds | null;
  /** STARTED was written: with the operating system before any user code runs. */
  startedWritten(): void;
  forgetOutgoing(stream: number): void;
  forgetIncoming(stream: number): void;
}
