import type { RequestContext } from '../context/index.js';

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
