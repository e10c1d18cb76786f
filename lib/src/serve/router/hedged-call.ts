import { hasCode } from '../../core/index.js';
import type { OutgoingCall } from '../../ipc/index.js';
import type { AnswerHead } from '../protocol/index.js';
import type { DeadlineWheel } from './deadline-wheel.js';
import type { DeploymentPool } from './deployment-pool.js';
import type { AnswerSink, Dispatch } from './dispatch.js';
import { COPY_LOST, RequestTimeout } from './errors.js';
import type { HedgeBudget } from './hedge-budget.js';
import { RoutedCall } from './routed-call.js';

/**
 * A request that goes to a second replica if the first one is slow to answer. The first answer is used, and the other copy is cancelled.
 * If a copy loses its replica and no other one has room, the copy ends, and the other copy is the request. After the delay, it gets a copy again.
 */
export class HedgedCall implements OutgoingCall {
  readonly #request: Dispatch;
  readonly #pool: DeploymentPool;
  readonly #budget: HedgeBudget;
  readonly #wheel: DeadlineWheel;
  #first: RoutedCall;
  /** It exists only while there are two copies. */
  #second: RoutedCall | null = null;
  /** The copy whose answer the caller gets. */
  #winner: RoutedCall | null = null;
  #timer: NodeJS.Timeout | null = null;
  #started = false;
  #keep = false;
  #done = false;

  constructor(request: Dispatch, pool: DeploymentPool, budget: HedgeBudget, wheel: DeadlineWheel) {
    this.#request = request;
    this.#pool = pool;
    this.#budget = budget;
    this.#wheel = wheel;
    budget.earn();
    const first: RoutedCall = new RoutedCall({ ...request, sink: this.#sinkOf(() => first) }, wheel);
    this.#first = first;
    this.#wait();
    first.enter(pool);
  }

  get done(): boolean {
    return this.#done;
  }

  write(chunk: Uint8Array): boolean {
    return this.#first.write(chunk);
  }

  end(chunk?: Uint8Array): void {
    this.#first.end(chunk);
  }

  cancel(reason?: string): void {
    if (this.#done) return;
    this.#finish();
    this.#first.cancel(reason);
    this.#second?.cancel(reason);
  }

  keep(): void {
    this.#keep = true;
    this.#first.keep();
    this.#second?.keep();
  }

  consumed(bytes: number): void {
    (this.#winner ?? this.#first).consumed(bytes);
  }

  #wait(): void {
    this.#timer = setTimeout(() => this.#hedge(), this.#budget.delayMs);
    this.#timer.unref();
  }

  #hedge(): void {
    const first = this.#first;
    // The request waits for room, so there is none for a second copy either.
    if (first.link === null) {
      this.#wait();
      return;
    }
    const pieces = first.bodyPieces;
    if (pieces === null || !this.#budget.take()) return;
    const { limit } = first;
    const { head, body } = this.#request;
    const sink = this.#sinkOf(() => second);
    const second = new RoutedCall(
      { ...this.#request, head, body, sink, timeoutMs: null, ...(limit === undefined ? {} : { limit }) },
      this.#wheel,
    );
    this.#second = second;
    second.twin = first;
    first.twin = second;
    if (this.#keep) second.keep();
    second.enter(this.#pool);
    if (second.done) {
      // No other replica has room.
      this.#second = null;
      first.twin = null;
      this.#budget.giveBack();
      return;
    }
    for (const piece of pieces) second.write(piece);
    if (body === 'stream') second.end();
  }

  #sinkOf(self: () => RoutedCall): AnswerSink {
    const { sink } = this.#request;
    return {
      onStarted: () => {
        if (this.#started) return;
        this.#started = true;
        sink.onStarted?.();
      },
      onHead: (head: AnswerHead) => {
        this.#win(self());
        sink.onHead(head);
      },
      onData: (chunk) => sink.onData(chunk),
      onEnd: () => {
        this.#finish();
        sink.onEnd();
      },
      onError: (error) => this.#onError(self(), error),
      onDrain: () => {
        if (self() === this.#first) sink.onDrain?.();
      },
      onLeaving: () => sink.onLeaving?.(),
    };
  }

  #win(copy: RoutedCall): void {
    this.#stopWaiting();
    this.#winner = copy;
    const other = copy === this.#first ? this.#second : this.#first;
    other?.cancel('another replica answered first');
  }

  #onError(copy: RoutedCall, error: Error): void {
    if (this.#done || (copy !== this.#first && copy !== this.#second)) return;
    if (this.#winner !== null && this.#winner !== copy) return;
    // The first copy tells of the deadline, unless the second one has answered and so cancelled it.
    const isOthers = copy === this.#second && hasCode(error, RequestTimeout);
    if (this.#winner === null && (error === COPY_LOST || isOthers)) {
      this.#goOnWithout(copy);
      return;
    }
    // An error counts as an answer.
    this.#win(copy);
    this.#finish();
    this.#request.sink.onError(error);
  }

  #goOnWithout(copy: RoutedCall): void {
    const other = copy === this.#first ? this.#second : this.#first;
    if (other === null) return;
    other.twin = null;
    other.deaths += copy.deaths;
    this.#first = other;
    this.#second = null;
    // The replica of this one may hang, and another one may have room by then.
    this.#wait();
  }

  #finish(): void {
    this.#done = true;
    this.#stopWaiting();
  }

  #stopWaiting(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
