type Disposer = () => unknown;

interface Disposable {
  readonly [Symbol.asyncDispose]?: Disposer;
  readonly [Symbol.dispose]?: Disposer;
  readonly dispose?: Disposer;
}

/** Frees a model with `[Symbol.asyncDispose]`, otherwise `[Symbol.dispose]`, otherwise `dispose()`. Never rejects: an error is printed to stderr. */
export async function disposeModel(id: string, model: unknown): Promise<void> {
  if ((typeof model !== 'object' && typeof model !== 'function') || model === null) return;
  const disposable = model as Disposable;
  try {
    if (typeof disposable[Symbol.asyncDispose] === 'function') await disposable[Symbol.asyncDispose]?.();
    else if (typeof disposable[Symbol.dispose] === 'function') disposable[Symbol.dispose]?.();
    else if (typeof disposable.dispose === 'function') await disposable.dispose();
  } catch (error) {
    console.error(`model ${id} could not be freed:`, error);
  }
}
