import { MessageChannel } from 'node:worker_threads';

type PromiseHooks = readonly unknown[];

/** Parts of Node 20's internal `async_wrap`. There is no public way to them; DEP0111 has no end date. */
interface AsyncWrap {
  clearAsyncIdStack?(): void;
  getPromiseHooks?(): PromiseHooks;
  setPromiseHooks?(...hooks: PromiseHooks): void;
}

function asyncWrap(): AsyncWrap {
  const quiet = process.noDeprecation;
  try {
    process.noDeprecation = true;
    return (process as unknown as { binding(name: string): AsyncWrap }).binding('async_wrap');
  } catch {
    // Node 24 keeps no such stack for AsyncLocalStorage.
    return {};
  } finally {
    if (quiet === undefined) delete process.noDeprecation;
    else process.noDeprecation = quiet;
  }
}

/**
 * Why this exists: in Node 20 `AsyncLocalStorage` keeps a stack of async ids. V8's termination unwinds JavaScript without
 * popping that stack, and Node aborts the process at the end of the callback ("execution_async_id() == 0", callback.cc).
 * So the stack is cleared in the same breath as the termination, and the promise hooks, which would push to it while
 * the termination spreads, are off until the event loop comes round again.
 */
export function asyncStackClearer(): () => void {
  const wrap = asyncWrap();
  let hooks: PromiseHooks | undefined;
  const { port1, port2 } = new MessageChannel();
  port1.on('message', () => {
    if (hooks) wrap.setPromiseHooks?.(...hooks);
    hooks = undefined;
  });
  port1.unref();
  return () => {
    hooks ??= wrap.getPromiseHooks?.();
    wrap.setPromiseHooks?.(undefined, undefined, undefined, undefined);
    port2.postMessage(0);
    wrap.clearAsyncIdStack?.();
  };
}
