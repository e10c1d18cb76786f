import { currentRequest, type RequestCall, timerMs } from '../core/index.js';
import { RunCancelled, RunTimedOut } from './errors.js';
import type { RunStop } from './types.js';

/** What a caller of a run says about its end. */
export interface StopOptions {
  readonly signal?: AbortSignal | null | undefined;
  readonly timeoutMs?: number | undefined;
}

/** Watches the caller's signal, the timeout of a run, and the request for which the run is made. */
export class StopWatch implements RunStop, RequestCall {
  readonly #name: string;
  readonly #signal: AbortSignal | undefined;
  readonly #request: ReturnType<typeof currentRequest>;
  #timer: NodeJS.Timeout | null = null;
  #stopped: { readonly reason: unknown } | null = null;
  #onStop: ((reason: unknown) => void) | null = null;

  private constructor(name: string, signal: AbortSignal | undefined, request: ReturnType<typeof currentRequest>) {
    this.#name = name;
    this.#signal = signal;
    this.#request = request;
  }

  /** @returns null if nothing can end the run */
  static of(name: string, { signal, timeoutMs }: StopOptions): StopWatch | null {
    // Null says that the run serves more than the current request.
    const request = signal === null ? null : currentRequest();
    if (request === null && (signal === null || signal === undefined) && timeoutMs === undefined) return null;
    const watch = new StopWatch(name, signal ?? undefined, request);
    if (timeoutMs !== undefined)
      watch.#timer = setTimeout(() => watch.#stop(RunTimedOut({ name, timeoutMs })), timerMs(timeoutMs));
    watch.#timer?.unref();
    signal?.addEventListener('abort', watch.#onAbort);
    if (signal?.aborted === true) watch.#onAbort();
    request?.follow(watch);
    return watch;
  }

  readonly #onAbort = (): void => this.#stop(this.#signal?.reason);

  onRequestCancelled(reason: string): void {
    this.#stop(RunCancelled({ name: this.#name, reason }));
  }

  #stop(reason: unknown): void {
    if (this.#stopped !== null) return;
    this.#stopped = { reason };
    this.#onStop?.(reason);
  }

  begin(onStop: (reason: unknown) => void): void {
    if (this.#stopped === null) this.#onStop = onStop;
    else onStop(this.#stopped.reason);
  }

  end(): void {
    this.#onStop = null;
  }

  throwIfStopped(): void {
    if (this.#stopped !== null) throw this.#stopped.reason;
  }

  /** Stops to watch. */
  close(): void {
    this.#onStop = null;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#request?.unfollow(this);
  }
}
