import type { NestedCall, RequestContext } from '../context/index.js';

/** A call for a model that is not there yet; it ends at the latest with its request's cancel. */
export class ModelAsk implements NestedCall {
  /** `null` outside of a request. */
  readonly request: RequestContext | null;
  readonly model: Promise<unknown>;
  readonly #onLeft: (ask: ModelAsk) => void;
  #settle!: { readonly resolve: (model: unknown) => void; readonly reject: (error: unknown) => void };

  /** @param onLeft its request was cancelled */
  constructor(request: RequestContext | null, onLeft: (ask: ModelAsk) => void) {
    this.request = request;
    this.#onLeft = onLeft;
    this.model = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
  }

  /** It is settled as the load is, or by the cancel of its request before. */
  follow(load: Promise<unknown>): void {
    load.then(
      (model) => {
        this.#settle.resolve(model);
        this.request?.unfollow(this);
      },
      (error) => this.fail(error),
    );
  }

  fail(error: unknown): void {
    this.#settle.reject(error);
    this.request?.unfollow(this);
  }

  onRequestCancelled(reason: string): void {
    this.#settle.reject(new DOMException(`the request was cancelled while it waited for a model: ${reason}`, 'AbortError'));
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
