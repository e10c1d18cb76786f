import { MessageChannel } from 'node:worker_threads';

type PromiseHooks = readonly unknown[];

/** Members of Node 20's internal `async_wrap`. There is no public access to them; the deprecation DEP0111 has no end date. */
interface AsyncWrap {
  clearAsyncIdStack?(): void;
  getPromiseHooks?(): PromiseHooks;
  setPromiseHooks?(...hooks: PromiseHooks): void;
  /** Counters. */
  readonly async_hook_fields?: Uint32Array;
  /** The indices of the counters. */
  readonly constants?: { readonly kTotals?: number };
}

function asyncWrap(): AsyncWrap {
  const quiet = process.noDeprecation;
  try {
    process.noDeprecation = true;
    return (process as unknown as { binding(name: string): AsyncWrap }).binding('async_wrap');
  } catch {
    // Node 24 has no such stack for AsyncLocalStorage.
    return {};
  } finally {
    if (quiet === undefined) delete process.noDeprecation;
    else process.noDeprecation = quiet;
  }
}

/**
 * Why this exists: in Node 20 `AsyncLocalStorage` keeps a stack of async ids. V8's termination unwinds JavaScript without
 * popping that stack, and Node aborts the process at the end of the callback ("execution_async_id() == 0", callback.cc), if any hook counts as active.
 * So the stack is cleared together with the termination. V8 may run some more code before it ends it, in which promise hooks, or a loop of Node's, would
 * push to the stack. So, until the next turn of the event loop, promise hooks are off, and no hook counts as active.
 */
export function asyncStackClearer(): () => void {
  const wrap = asyncWrap();
  const counters = wrap.async_hook_fields;
  const total = wrap.constants?.kTotals;
  let saved: { readonly hooks: PromiseHooks | null; readonly active: number } | undefined;
  const { port1, port2 } = new MessageChannel();
  port1.on('message', () => {
    if (saved === undefined) return;
    wrap.clearAsyncIdStack?.();
    if (saved.hooks) wrap.setPromiseHooks?.(...saved.hooks);
    if (counters !== undefined && total !== undefined) counters[total] = saved.active;
    saved = undefined;
  });
  port1.unref();
  return () => {
    saved ??= { hooks: wrap.getPromiseHooks?.() ?? null, active: counters?.[total ?? -1] ?? 0 };
    wrap.setPromiseHooks?.(undefined, undefined, undefined, undefined);
    if (counters !== undefined && total !== undefined) counters[total] = 0;
    port2.postMessage(0);
    wrap.clearAsyncIdStack?.();
  };
}
