import { deferred } from '../../core/index.js';
import { encodeValue } from '../../ipc/index.js';
import type { KeptAnswer, PassedAnswer } from '../protocol/index.js';
import { addIdle, type IdleAnswer, removeIdle } from './idle-answers.js';
import { isResponse, sendableResponse } from './response-codec.js';

/** What the answer of a call does when it is passed to other calls. */
export interface PassedHost {
  /** No call needs the answer any more, and it has not arrived. */
  unneeded(): void;
  /** Lets go of the answer that a replica keeps. */
  letGo(): void;
}

/** The answer of a call that was passed to other calls: it is computed once, and each of them gets it. */
export class PassedResponse implements IdleAnswer {
  readonly #host: PassedHost;
  readonly #answer = deferred<PassedAnswer>();
  #users = 0;
  #kept: KeptAnswer | null = null;
  #settled = false;
  /** True if the replica that keeps it is to end. */
  #leaving = false;
  /** Why it cannot be passed on any more. */
  #gone: Error | null = null;

  constructor(host: PassedHost) {
    this.#host = host;
    this.#answer.promise.catch(() => {});
  }

  get keptBytes(): number {
    return this.#kept?.bytes ?? 0;
  }

  /** Resolves with the answer. The call that needs it calls `drop` when it has ended. */
  take(): Promise<PassedAnswer> {
    this.hold();
    return this.#gone === null ? this.#answer.promise : Promise.reject(this.#gone);
  }

  /** Until `drop`, it is needed. */
  hold(): void {
    this.#users += 1;
    removeIdle(this);
  }

  drop(): void {
    this.#users -= 1;
    if (this.#users > 0) return;
    if (!this.#settled) this.#host.unneeded();
    else if (this.#leaving) this.release();
    else if (this.#kept !== null) addIdle(this);
  }

  arrived(bytes: Uint8Array): void {
    this.#settled = true;
    this.#answer.resolve({ bytes });
  }

  /** Takes the answer of a call that had ended before it was passed on. */
  async settledBy(answer: Promise<unknown>): Promise<void> {
    try {
      const value = await answer;
      this.arrived(encodeValue(isResponse(value) ? await sendableResponse(value.clone()) : value));
    } catch (error) {
      this.failed(error as Error);
    }
  }

  keptAt(kept: KeptAnswer): void {
    this.#settled = true;
    this.#kept = kept;
    this.#answer.resolve({ kept });
  }

  failed(error: Error): void {
    removeIdle(this);
    this.#settled = true;
    this.#kept = null;
    this.#gone = error;
    this.#answer.reject(error);
  }

  onLeaving(): void {
    this.#leaving = true;
    if (this.#users === 0) this.release();
  }

  release(): void {
    if (this.#kept === null) return;
    removeIdle(this);
    this.#kept = null;
    this.#host.letGo();
  }
}
