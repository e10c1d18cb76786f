import { hasCode } from '../../core/index.js';
import { type Channel, callOp, NoHandler, PeerGone, UnknownOp } from '../../ipc/index.js';
import type { RouterOps } from '../protocol/index.js';

/** A router that is busy for longer than this may still have callers that wait. */
const ANSWER_MS = 1000;

/** The routers of the cluster, and other processes that are connected to the controller. */
export class Routers {
  readonly #channels = new Set<Channel>();

  attach(channel: Channel): void {
    this.#channels.add(channel);
    void channel.closed.then(() => this.#channels.delete(channel));
  }

  /** Whether a router has a caller that waits for a call that the replica has begun, or does not answer. Never rejects. */
  async isAwaited(replica: string): Promise<boolean> {
    const answers = await Promise.all([...this.#channels].map((channel) => this.#ask(channel, replica)));
    return answers.includes(true);
  }

  async #ask(channel: Channel, replica: string): Promise<boolean> {
    // It would not read the question.
    if (channel.isBehind) return true;
    try {
      return (await callOp<RouterOps, 'awaited'>(channel, 'awaited', { replica }, { timeoutMs: ANSWER_MS })) > 0;
    } catch (error) {
      // The process has ended, or has no router.
      return ![PeerGone, NoHandler, UnknownOp].some((none) => hasCode(error, none));
    }
  }
}
