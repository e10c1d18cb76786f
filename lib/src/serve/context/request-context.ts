/** What travels with a request to the replica that works on it. */
export interface RequestOrigin {
  /** What is left of its deadline. */
  readonly budgetMs?: number;
  /** Whose deadline that is. @default the deployment's own */
  readonly budgetOf?: string;
  readonly priority?: 'batch';
  /** Which part of which driver made the call: see `MethodCallHead.caller`. */
  readonly caller?: string;
}

/** A call that user code makes while it works on a request. */
export interface NestedCall {
  /** The request is cancelled, and so is this. */
  onRequestCancelled(reason: string): void;
}

const NONE: readonly RequestContext[] = [];

/** The request that user code works on. */
export class RequestContext {
  /** `''` where the request names none. */
  readonly modelId: string;
  /** On the clock of `performance.now()`; Infinity for none. */
  readonly expiresAt: number;
  /** Whose deadline that is. */
  readonly deadlineOf: string;
  readonly priority: 'batch' | undefined;
  /** Where its output is printed; `undefined`: with the driver that ran the application. */
  readonly caller: string | undefined;
  /** Of a batch: the requests that wait for it. */
  readonly callers: readonly RequestContext[];
  #held: (() => void)[] | null = null;
  #calls: Set<NestedCall> | null = null;
  #cancelled: string | null = null;
  #ended = false;

  constructor(
    modelId: string,
    expiresAt: number,
    deadlineOf: string,
    priority: 'batch' | undefined,
    caller: string | undefined,
    callers: readonly RequestContext[] = NONE,
  ) {
    this.modelId = modelId;
    this.expiresAt = expiresAt;
    this.deadlineOf = deadlineOf;
    this.priority = priority;
    this.caller = caller;
    this.callers = callers;
  }

  /** Runs `release` when the request has ended. */
  hold(release: () => void): void {
    if (this.#ended) release();
    else {
      this.#held ??= [];
      this.#held.push(release);
    }
  }

  /** A call is made on behalf of the request; it is told when that is cancelled, also where that has been before. */
  follow(call: NestedCall): void {
    if (this.#cancelled !== null) {
      call.onRequestCancelled(this.#cancelled);
      return;
    }
    this.#calls ??= new Set();
    this.#calls.add(call);
  }

  /** The call is over. */
  unfollow(call: NestedCall): void {
    this.#calls?.delete(call);
  }

  cancel(reason: string): void {
    if (this.#cancelled !== null) return;
    this.#cancelled = reason;
    const calls = this.#calls;
    this.#calls = null;
    for (const call of calls ?? []) call.onRequestCancelled(reason);
  }

  /** User code has ended. Calls that it did not wait for go on. */
  end(): void {
    this.#ended = true;
    const held = this.#held;
    this.#held = null;
    for (const release of held ?? []) release();
  }
}
