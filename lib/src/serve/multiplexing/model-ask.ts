import { deferred } from '../../core/index.js';
import type { NestedCall, RequestContext } from '../context/index.js';

/** A call for a model that is not there yet; it ends at the latest with its request's cancel. */
export class ModelAsk implements NestedCall {
  /** `null` outside of a request. */
  readonly request: RequestContext | null;
  readonly #onLeft: (ask: ModelAsk) => void;
  readonly #model = deferred<unknown>();

  /** @param onLeft its request was cancelled */
  constructor(request: RequestContext | null, onLeft: (ask: ModelAsk) => void) {
    this.request = request;
    this.#onLeft = onLeft;
  }

  get model(): Promise<unknown> {
    return this.#model.promise;
  }

  /** It is settled as the load is, or by the cancel of its request before. */
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

/** Requests that go on only when these do: themselves, and those that wait for the batches among them. */
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

/** True if `request` is `other`, or a batch with it in it. */
export function isOf(request: RequestContext, other: RequestContext): boolean {
  return request === other || request.callers.some((caller) => isOf(caller, other));
}
