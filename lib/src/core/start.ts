import { AsyncLocalStorage } from 'node:async_hooks';

/** Is called with each piece of work that is part of a start. */
export type StartSink = (what: string, work: Promise<unknown>) => void;

interface StartState {
  /** Gets the work of the process's own start. */
  sink: StartSink | null;
  /** Gets the work of code that starts something later: the asynchronous context tells which code that is. */
  scope: AsyncLocalStorage<StartSink> | null;
}

const KEY = Symbol.for('nbserve.start');
/** All copies of this module share it: user code may bring a copy of its own. */
const shared = globalThis as { [KEY]?: StartState };
const state: StartState = shared[KEY] ?? { sink: null, scope: null };
shared[KEY] = state;

/**
 * Begins a piece of work. If a constructor begins it, or other code that must end before a process is ready, the process is not ready before it ends.
 * @param what names it in messages
 * @returns the work's own promise, so that Node still sees whether somebody handles its failure
 */
export function duringStart<T>(what: string, begin: () => Promise<T>): Promise<T> {
  const sink = state.sink ?? state.scope?.getStore();
  const work = begin();
  if (sink === undefined) return work;
  sink(what, work);
  return work.then((value) => value);
}

/** Calls `sink` with all work of this process, until the function that this returns is called. */
export function collectStart(sink: StartSink): () => void {
  state.sink = sink;
  return () => {
    state.sink = null;
  };
}

/** Calls `sink` with the work that `run` begins, before and after an await. */
export async function collectWithin<T>(sink: StartSink, run: () => Promise<T>): Promise<T> {
  const scope = new AsyncLocalStorage<StartSink>();
  state.scope = scope;
  try {
    return await scope.run(sink, run);
  } finally {
    if (state.scope === scope) state.scope = null;
    // Otherwise, on Node 20 and 22, every promise of the process costs more from now on.
    scope.disable();
  }
}
