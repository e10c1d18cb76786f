import { hasCode } from '../../core/index.js';
import type { OutgoingCall } from '../../ipc/index.js';
import type { AnswerHead, DeploymentRoute } from '../protocol/index.js';
import type { CallHost } from './call-host.js';
import type { DeadlineWheel } from './deadline-wheel.js';
import type { DeploymentPool } from './deployment-pool.js';
import type { AnswerSink, Dispatch } from './dispatch.js';
import { RequestTimeout } from './errors.js';
import type { HedgeBudget } from './hedge-budget.js';
import { RoutedCall } from './routed-call.js';

/** Nobody sees this error: the first copy of the request continues. */
const COPY_LOST = new Error('the second copy of a request found no replica to end at');

/** Sends the second copy of a request to another replica, once. If that replica cannot work on it, the copy ends. */
class CopyHost implements CallHost {
  readonly #pool: DeploymentPool;

  constructor(pool: DeploymentPool) {
    this.#pool = pool;
  }

  get route(): DeploymentRoute {
    return this.#pool.route;
  }

  get label(): string {
    return this.#pool.label;
  }

  get waiting(): number {
    return this.#pool.waiting;
  }

  place(call: RoutedCall): void {
    const link = this.#pool.pick(call);
    if (link === null) call.fail(COPY_LOST);
    else call.send(link);
  }

  replace(call: RoutedCall): void {
    call.fail(COPY_LOST);
  }

  withdraw(): void {}

  onRoom(): void {
    this.#pool.onRoom();
  }
}

/** A request that goes to a second replica if the first one is slow to answer. The first answer is used, and the other copy is cancelled. */
export class HedgedCall implements OutgoingCall {
  readonly #request: Dispatch;
  readonly #pool: DeploymentPool;
  readonly #budget: HedgeBudget;
  readonly #wheel: DeadlineWheel;
  readonly #first: RoutedCall;
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
    this.#first = new RoutedCall({ ...request, sink: this.#sinkOf(() => this.#first) }, wheel);
    this.#wait();
    this.#first.enter(pool);
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
    second.enter(new CopyHost(this.#pool));
    if (second.done) this.#budget.giveBack();
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
    if (this.#done) return;
    if (copy === this.#second && this.#winner === null && (error === COPY_LOST || hasCode(error, RequestTimeout))) {
      this.#first.twin = null;
      this.#second = null;
      this.#pool.onRoom();
      return;
    }
    // An error counts as an answer.
    this.#win(copy);
    this.#finish();
    this.#request.sink.onError(error);
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
