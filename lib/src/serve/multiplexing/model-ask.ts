import { deferred } from '../../core/index.js';
import type { NestedCall, RequestContext } from '../context/index.js';

/** A call for a model that is not loaded yet. It ends at the latest when its request is cancelled. */
export class ModelAsk implements NestedCall {
  /** `null` outside of a request. */
  readonly request: RequestContext | null;
  readonly #onLeft: (ask: ModelAsk) => void;
  readonly #model = deferred<unknown>();

  /** @param onLeft called when its request was cancelled */
  constructor(request: RequestContext | null, onLeft: (ask: ModelAsk) => void) {
    this.request = request;
    this.#onLeft = onLeft;
  }

  get model(): Promise<unknown> {
    return this.#model.promise;
  }

  /** Settles this call as the load settles, unless its request is cancelled before. */
  follow(load: Promise<unknown>): void {
    load.then(
      (model) => {
        this.#model.resolve(model);
        this.request?.unfollow(this);
      },
      (error) => this.fail(error),
    );
  }

  fail(error: unknown): void {
    this.#model.reject(error);
    this.request?.unfollow(this);
  }

  onRequestCancelled(reason: string): void {
    this.#model.reject(new DOMException(`the request was cancelled while it waited for a model: ${reason}`, 'AbortError'));
    this.#onLeft(this);
  }
}

/** The requests that can continue only when these do: these themselves, and the callers of batches among them. */
export function blockedBy(waiting: readonly (RequestContext | null)[]): ReadonlySet<RequestContext> {
  const blocked = new Set<RequestContext>();
  const add = (request: RequestContext): void => {
    if (blocked.has(request)) return;
    blocked.add(request);
    for (const caller of request.callers) add(caller);
  };
  for (const request of waiting) if (request !== null) add(request);
  return blocked;
}

/** True if `request` is `other`, or a batch that contains it. */
export function isOf(request: RequestContext, other: RequestContext): boolean {
  return request === other || request.callers.some((caller) => isOf(caller, other));
}
