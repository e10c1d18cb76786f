import type { Channel } from './channel.js';
import type { FrameWriter } from './frame-writer.js';
import type { SendQueue } from './send-queue.js';

/** What calls need of the channel that carries them. */
export interface CallHost {
  readonly channel: Channel;
  readonly writer: FrameWriter;
  readonly sends: SendQueue;
  /** Name of the peer for messages. */
  readonly peerName: string;
  /** Something was written: flush at the end of this tick. */
  written(): void;
  /** STARTED was written: with the operating system before any user code runs. */
  startedWritten(): void;
  forgetOutgoing(stream: number): void;
  forgetIncoming(stream: number): void;
}
