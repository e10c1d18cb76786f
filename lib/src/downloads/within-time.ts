/**
 * Runs something that ends when its signal is aborted, which is after `timeoutMs`.
 * Unlike that of `AbortSignal.timeout`, this timer keeps the process running: a `fetch` that nothing else ends would let it exit as if all were done.
 */
export async function withinTime<T>(timeoutMs: number, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const abort = new AbortController();
  const late = () => abort.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError'));
  const timer = setTimeout(late, timeoutMs);
  try {
    return await run(abort.signal);
  } finally {
    clearTimeout(timer);
  }
}
