import { AsyncLocalStorage } from 'node:async_hooks';
import { areRequestsWanted, provideRequests, wantRequests } from '../../core/index.js';
import { type NestedCall, RequestContext, type RequestOrigin } from './request-context.js';

const current = new AsyncLocalStorage<RequestContext>();
provideRequests(requestContext);

/**
 * From now on every request has a context, even one that names no model. A context makes each promise of user code a little slower (Node below 24),
 * so this is called only if something reads it: a model cache or a handle.
 */
export const wantRequestContexts = wantRequests;

/**
 * Runs user code for a request.
 * @param origin values that came with the request
 * @param label `app/deployment`, for messages
 * @returns the context, which must be told when the request is cancelled and when it ends; `null` if the request needs none
 */
export function enterRequest(
  modelId: string,
  origin: RequestOrigin | null,
  label: string,
  run: () => void,
): RequestContext | null {
  const { budgetMs, budgetOf, priority, caller } = origin ?? NOTHING;
  if (modelId === '' && caller === undefined && !areRequestsWanted() && current.getStore() === undefined) {
    run();
    return null;
  }
  const expiresAt = budgetMs === undefined ? Number.POSITIVE_INFINITY : performance.now() + budgetMs;
  const context = new RequestContext(modelId, expiresAt, budgetOf ?? `the requestTimeout of ${label}`, priority, caller);
  current.run(context, run);
  return context;
}

/**
 * Runs user code for a batch of requests for one model. The batch has the latest of their deadlines. It has the priority `batch` if all of them have
 * it, and it is cancelled when all of them are. Its output goes to their caller if all of them have the same one.
 */
export function enterBatch(
  modelId: string,
  requests: readonly (RequestContext | null)[],
  run: () => void,
): RequestContext | null {
  const known = requests.filter((request) => request !== null);
  if (known.length === 0) return enterRequest(modelId, null, '', run);
  const [first] = known as [RequestContext, ...RequestContext[]];
  const complete = known.length === requests.length;
  const latest = known.reduce((a, b) => (b.expiresAt > a.expiresAt ? b : a), first);
  const priority = complete && known.every((request) => request.priority === 'batch') ? 'batch' : undefined;
  const context = new RequestContext(
    modelId,
    complete ? latest.expiresAt : Number.POSITIVE_INFINITY,
    latest.deadlineOf,
    priority,
    complete && known.every((request) => request.caller === first.caller) ? first.caller : undefined,
    known,
  );
  if (complete) cancelWithAll(context, new Set(known));
  current.run(context, run);
  return context;
}

function cancelWithAll(batch: RequestContext, requests: ReadonlySet<RequestContext>): void {
  let left = requests.size;
  const call: NestedCall = {
    onRequestCancelled: (reason) => {
      left -= 1;
      if (left === 0) batch.cancel(reason);
    },
  };
  for (const request of requests) request.follow(call);
  // A request can be far longer than its batches, such as a stream that makes one for each item.
  batch.hold(() => {
    for (const request of requests) request.unfollow(call);
  });
}

/** `null` outside of a request, and if requests need no context. */
export function requestContext(): RequestContext | null {
  return current.getStore() ?? null;
}

/** Id of the model that the current request selects; `''` if it names none. */
export function getMultiplexedModelId(): string {
  return current.getStore()?.modelId ?? '';
}

const NOTHING: RequestOrigin = {};
