import type { IncomingCall } from '../../ipc/index.js';
import { enterRequest, type RequestContext, type RequestOrigin } from '../context/index.js';
import type { KeptAnswer } from '../protocol/index.js';

/** What a task needs from its replica. */
export interface TaskHost {
  /** `app/deployment`. */
  readonly label: string;
  readonly ongoing: number;
  readonly stuckTimeoutMs: number;
  /** Keeps an answer for another process, if the caller wants that and the answer is large; otherwise `null`. */
  keep(bytes: Uint8Array, call: IncomingCall): KeptAnswer | null;
  /** Called when a task begins. @param expiresAt its deadline (epoch, ms); Infinity if there is none */
  began(expiresAt: number): void;
  /** Called when the task has ended, so that its slot is free. */
  release(expiresAt: number): void;
  /** Called when user code continues long after its request was cancelled. */
  onStuck(what: string): void;
  /** Called when that code has ended after all. */
  onUnstuck(): void;
}

type AnyIterator = { next(): unknown; return?(value?: unknown): unknown };

const GONE = 'the caller went away';

/** User code that works on one call. It occupies its slot until it ends, even if the call has ended before. */
export abstract class UserTask {
  protected readonly host: TaskHost;
  protected readonly call: IncomingCall;
  #iterator: AnyIterator | null = null;
  #watch: NodeJS.Timeout | null = null;
  #isStuck = false;
  #ended = false;
  #context: RequestContext | null = null;
  readonly #expiresAt: number;

  constructor(host: TaskHost, call: IncomingCall, { budgetMs }: RequestOrigin) {
    this.host = host;
    this.call = call;
    this.#expiresAt = budgetMs === undefined ? Number.POSITIVE_INFINITY : Date.now() + budgetMs;
    host.began(this.#expiresAt);
  }

  /** Runs user code for a request that selects this model, `''` for none. */
  protected enter(modelId: string, origin: RequestOrigin, run: () => void): void {
    const context = enterRequest(modelId, origin, this.host.label, run);
    if (context === null) return;
    this.#context = context;
    if (this.#ended) context.end();
    else if (this.call.cancelled) context.cancel(GONE);
  }

  /** Names the work in messages. */
  protected abstract workName(): string;
  protected onCancelled(_reason: string): void {}

  /** Returns false if the call was cancelled before user code began; then the task has ended. */
  protected begin(): boolean {
    if (this.call.cancelled) {
      this.end();
      return false;
    }
    this.call.onCancel = (reason) => this.#cancel(reason);
    return true;
  }

  protected end(): void {
    if (this.#ended) return;
    this.#ended = true;
    if (this.#watch !== null) clearTimeout(this.#watch);
    if (this.#isStuck) this.host.onUnstuck();
    this.#context?.end();
    this.host.release(this.#expiresAt);
  }

  /**
   * Sends the items of an iterator with backpressure. The head is sent with the first item.
   * @param sendHead answers with the head and the first bytes
   * @returns false if there was no item, and so no head
   */
  protected async sendAll(
    iterator: AnyIterator,
    encode: (item: unknown) => Uint8Array,
    sendHead: (first: unknown) => void,
  ): Promise<boolean> {
    this.#iterator = iterator;
    let headSent = false;
    while (!this.call.done) {
      const { done, value } = (await iterator.next()) as IteratorResult<unknown>;
      if (done === true) return headSent;
      if (this.call.done) break;
      let bytes: Uint8Array | null = null;
      try {
        if (!headSent) sendHead(value);
        // The head may have been the whole answer.
        if (!this.call.done) bytes = encode(value);
      } catch (error) {
        // This does not wait for its end, so that the error is reported.
        endQuietly(iterator);
        throw error;
      }
      headSent = true;
      if (bytes !== null && !this.call.write(bytes)) await drained(this.call);
    }
    // The call was cancelled, perhaps while the iterator made an item, or no more items are wanted.
    await iterator.return?.();
    return headSent;
  }

  #cancel(reason: string): void {
    const { stuckTimeoutMs } = this.host;
    this.#watch = setTimeout(() => {
      this.#isStuck = true;
      this.host.onStuck(this.workName());
    }, stuckTimeoutMs);
    this.#watch.unref();
    this.#context?.cancel(reason);
    this.onCancelled(reason);
    // This ends a generator that waits at a yield. One that is working ends at its next yield.
    if (this.#iterator !== null) endQuietly(this.#iterator);
  }
}

/** Ends the iterator. It does not wait for that, and ignores what its `finally` throws. */
function endQuietly(iterator: AnyIterator): void {
  try {
    const returned = iterator.return?.();
    if (isThenable(returned)) returned.then(undefined, () => {});
  } catch {
    // There is nobody left who could be informed.
  }
}

/** Resolves when the call takes more bytes, or when it was cancelled. */
export function drained(call: IncomingCall): Promise<void> {
  if (call.done) return Promise.resolve();
  return new Promise((resolve) => {
    call.onDrain = () => {
      call.onDrain = null;
      resolve();
    };
  });
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}

/** The iterator of a generator, or of an object that is iterated asynchronously. Arrays, texts and maps count as values and have none here. */
export function iteratorOf(value: unknown): AnyIterator | null {
  if (typeof value !== 'object' || value === null) return null;
  const candidate = value as { [Symbol.asyncIterator]?: () => AnyIterator; [Symbol.iterator]?: unknown; next?: unknown };
  if (typeof candidate[Symbol.asyncIterator] === 'function') return candidate[Symbol.asyncIterator]?.() ?? null;
  return typeof candidate.next === 'function' && typeof candidate[Symbol.iterator] === 'function'
    ? (candidate as AnyIterator)
    : null;
}
