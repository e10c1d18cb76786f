import type { OutgoingCall } from '../../ipc/index.js';
import { AnswerLost } from '../protocol/index.js';
import type { ReplicaLink } from './replica-link.js';

/** While it lasts, a replica keeps an answer for this router. The call on the replica's connection stays open. */
export class KeptAnswerLease {
  readonly #link: ReplicaLink;
  readonly #outgoing: OutgoingCall;
  readonly #leaving: () => void;
  #over = false;

  /** @param leaving called when the replica is to end */
  constructor(link: ReplicaLink, outgoing: OutgoingCall, leaving: () => void) {
    this.#link = link;
    this.#outgoing = outgoing;
    this.#leaving = leaving;
    link.keep(this);
  }

  onLeaving(): void {
    if (!this.#over) this.#leaving();
  }

  /** The answer is no longer needed. */
  cancel(reason?: string): void {
    this.#outgoing.cancel(reason);
    this.#end();
  }

  /** The call has ended with an error. @returns the error to report */
  lost(deployment: string, cause: Error): Error {
    this.#end();
    return AnswerLost({ deployment, replica: this.#link.id, reason: cause.message }, cause);
  }

  #end(): void {
    this.#over = true;
    this.#link.letGo(this);
  }
}
