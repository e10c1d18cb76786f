import { AnswerBody, Cancelled, type Channel } from '../../ipc/index.js';
import { AnswerLost, type KeptAnswer, type KeptCallHead } from '../protocol/index.js';
import type { ConnectReplica } from './replica-link.js';

/** Reads answers at the replicas that keep them, over connections of its own. */
export class KeptReader {
  readonly #connect: ConnectReplica;
  readonly #channels = new Map<string, Promise<Channel>>();

  constructor(connect: ConnectReplica) {
    this.#connect = connect;
  }

  async read(answer: KeptAnswer, signal?: AbortSignal): Promise<Uint8Array> {
    const lost = (cause: Error): Error =>
      AnswerLost({ deployment: answer.deployment, replica: answer.replica, reason: cause.message }, cause);
    const channel = await this.#channel(answer.path).catch((error: Error) => {
      throw lost(error);
    });
    const what = `an answer of ${answer.deployment}`;
    return new Promise((resolve, reject) => {
      const body = new AnswerBody(what);
      const head: KeptCallHead = { kind: 'kept', id: answer.id };
      const stop = (): void => {
        call.cancel('its reader was cancelled');
        reject(Cancelled({ what: `the read of ${what}`, reason: String(signal?.reason) }));
      };
      const end = (settle: () => void): void => {
        signal?.removeEventListener('abort', stop);
        settle();
      };
      const call = channel.request(head, null, {
        onHead: () => {},
        onData: (chunk) => {
          const fault = body.push(chunk);
          if (fault === null) call.consumed(chunk.length);
          else {
            call.cancel('the answer is too large');
            end(() => reject(fault));
          }
        },
        onEnd: () => end(() => resolve(body.take())),
        onError: (error) => end(() => reject(lost(error))),
      });
      if (signal?.aborted) stop();
      else signal?.addEventListener('abort', stop, { once: true });
    });
  }

  close(): void {
    for (const opening of this.#channels.values()) {
      opening.then(
        (channel) => channel.close(),
        () => {},
      );
    }
    this.#channels.clear();
  }

  #channel(path: string): Promise<Channel> {
    const known = this.#channels.get(path);
    if (known !== undefined) return known;
    const opening = this.#connect(path);
    this.#channels.set(path, opening);
    const forget = (): void => {
      if (this.#channels.get(path) === opening) this.#channels.delete(path);
    };
    opening.then((channel) => channel.closed.then(forget), forget);
    return opening;
  }
}
