/** A call that is made for a request. */
export interface RequestCall {
  /** Called when the request was cancelled, so that this call is ended too. */
  onRequestCancelled(reason: string): void;
}

/** The request that code works on. */
export interface CurrentRequest {
  /** Registers a call. It is informed if the request is cancelled, even if that happened before. */
  follow(call: RequestCall): void;
  /** Removes a call that has ended. */
  unfollow(call: RequestCall): void;
}

interface RequestState {
  /** True if something in this process asks for the current request. */
  wanted: boolean;
  find: (() => CurrentRequest | null) | null;
}

const KEY = Symbol.for('nbserve.request');
/** All copies of this module share it: user code may bring a copy of its own. */
const shared = globalThis as { [KEY]?: RequestState };
const state: RequestState = shared[KEY] ?? { wanted: false, find: null };
shared[KEY] = state;

/**
 * From now on each request of this process can be found. That makes each promise of user code a little slower (Node below 24), so only what needs it
 * calls this.
 */
export function wantRequests(): void {
  state.wanted = true;
}

export const areRequestsWanted = (): boolean => state.wanted;

/** Says how the current request is found. What serves requests calls it. */
export function provideRequests(find: () => CurrentRequest | null): void {
  state.find = find;
}

/** The request on which the calling code works; `null` outside of requests, and for requests that began before {@link wantRequests}. */
export const currentRequest = (): CurrentRequest | null => state.find?.() ?? null;
