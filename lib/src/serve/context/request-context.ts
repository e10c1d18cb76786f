/** Values that come with a request to the replica that works on it. */
export interface RequestOrigin {
  /** Milliseconds that are left of its deadline. */
  readonly budgetMs?: number;
  /** Whose deadline that is. @default the deployment's own */
  readonly budgetOf?: string;
  readonly priority?: 'batch';
  /** The part of a driver that made the call; see `MethodCallHead.caller`. */
  readonly caller?: string;
}

/** A call that user code makes while it works on a request. */
export interface NestedCall {
  /** Called when the request was cancelled, so that this call is cancelled too. */
  onRequestCancelled(reason: string): void;
}

const NONE: readonly RequestContext[] = [];

/** The request that user code is working on. */
export class RequestContext {
  /** `''` if the request names none. */
  readonly modelId: string;
  /** Time by the clock of `performance.now()`; Infinity if there is no deadline. */
  readonly expiresAt: number;
  /** Whose deadline that is. */
  readonly deadlineOf: string;
  readonly priority?: 'batch' | undefined;
  /** The driver to which its output goes; `undefined` means the driver that ran the application. */
  readonly caller?: string | undefined;
  /** If this is a batch: the requests in it. */
  readonly callers: readonly RequestContext[];
  #held: Set<() => void> | null = null;
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
      this.#held ??= new Set();
      this.#held.add(release);
    }
  }

  /** Forgets what was held, because it has ended before the request. */
  unhold(release: () => void): void {
    this.#held?.delete(release);
  }

  /** Registers a call that is made for the request. The call is informed if the request is cancelled, even if that happened before. */
  follow(call: NestedCall): void {
    if (this.#cancelled !== null) {
      call.onRequestCancelled(this.#cancelled);
      return;
    }
    this.#calls ??= new Set();
    this.#calls.add(call);
  }

  /** Removes a call that has ended. */
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

  /** User code has ended. Calls that it did not await continue. */
  end(): void {
    this.#ended = true;
    const held = this.#held;
    this.#held = null;
    for (const release of held ?? []) release();
  }
}
