import { AsyncLocalStorage } from 'node:async_hooks';

/** The request that user code works on. */
export interface RequestContext {
  /** `''` where the request names none. */
  readonly modelId: string;
  /** Runs `release` when the request has ended. */
  hold(release: () => void): void;
}

const current = new AsyncLocalStorage<RequestContext>();
let wanted = false;

/** From now on every request has a context, also one that names no model. */
export function wantRequestContexts(): void {
  wanted = true;
}

/**
 * Runs user code on a request, or on a batch of requests for one model.
 * @returns what to call when it has ended; `null` where it needs no context
 */
export function enterRequest(modelId: string, run: () => void): (() => void) | null {
  if (modelId === '' && !wanted && current.getStore() === undefined) {
    run();
    return null;
  }
  const held: (() => void)[] = [];
  let ended = false;
  const context: RequestContext = {
    modelId,
    hold(release) {
      if (ended) release();
      else held.push(release);
    },
  };
  current.run(context, run);
  return () => {
    ended = true;
    for (const release of held.splice(0)) release();
  };
}

/** `null` outside of a request, and where requests need no context. */
export function requestContext(): RequestContext | null {
  return current.getStore() ?? null;
}

/** Id of the model that the current request is for; `''` where it names none. */
export function getMultiplexedModelId(): string {
  return current.getStore()?.modelId ?? '';
}
