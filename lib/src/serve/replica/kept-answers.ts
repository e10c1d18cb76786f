import type { IncomingCall } from '../../ipc/index.js';
import type { KeptAnswer, KeptCallHead } from '../protocol/index.js';
import { NotKept } from './errors.js';

/** A smaller answer goes to the caller, who sends it on: to read it here would take one more round trip. */
const MIN_BYTES = 64 * 1024;
/** Largest number of bytes that are kept. Beyond it, answers go to their callers. */
const MAX_BYTES = 256 * 1024 * 1024;

export interface KeptAnswersOptions {
  /** The place of this replica; `''` if it has none, so that nobody could read an answer. */
  readonly place: () => string;
  /** Called when an answer is dropped. */
  readonly onDropped: () => void;
}

/** The answers that this replica keeps for calls to which their callers pass them on. */
export class KeptAnswers {
  readonly #options: KeptAnswersOptions;
  readonly #bytes = new Map<number, Uint8Array>();
  #total = 0;
  #count = 0;

  constructor(options: KeptAnswersOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#bytes.size;
  }

  /** Keeps an answer until its call is cancelled; `null` if it goes to the caller. */
  keep(bytes: Uint8Array, call: IncomingCall, replica: string, deployment: string): KeptAnswer | null {
    if (
      this.#options.place() === '' ||
      !call.keep ||
      call.done ||
      bytes.length < MIN_BYTES ||
      this.#total + bytes.length > MAX_BYTES
    )
      return null;
    this.#count += 1;
    const id = this.#count;
    this.#bytes.set(id, bytes);
    this.#total += bytes.length;
    call.onCancel = () => {
      if (!this.#bytes.delete(id)) return;
      this.#total -= bytes.length;
      this.#options.onDropped();
    };
    return { id, path: this.#options.place(), replica, deployment, bytes: bytes.length };
  }

  /** Answers a call that reads one of them. */
  send(call: IncomingCall): void {
    const bytes = this.#bytes.get((call.head as KeptCallHead).id);
    if (bytes === undefined) call.fail(NotKept());
    else call.respond({ kind: 'value' }, bytes, true, true);
  }
}
