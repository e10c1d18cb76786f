import { AsyncLocalStorage } from 'node:async_hooks';

/** Told of each piece of work that is part of a start, and of its end. */
export type StartSink = (what: string, work: Promise<unknown>) => void;

interface StartState {
  /** Of the process's own start. */
  sink: StartSink | null;
  /** Of code that starts something later: known from where the work was begun. */
  scope: AsyncLocalStorage<StartSink> | null;
}

const KEY = Symbol.for('nbserve.start');
/** Shared by every copy of this module: user code may bring one of its own. */
const shared = globalThis as { [KEY]?: StartState };
const state: StartState = shared[KEY] ?? { sink: null, scope: null };
shared[KEY] = state;

/**
 * Begins a piece of work. If it is begun by a constructor, or by whatever else is waited for before a process is up, it is waited for as well.
 * @param what names it in messages
 * @returns the work's promise; whether somebody handles its failure can be told of it
 */
export function duringStart<T>(what: string, begin: () => Promise<T>): Promise<T> {
  const sink = state.sink ?? state.scope?.getStore();
  const work = begin();
  if (sink === undefined) return work;
  sink(what, work);
  return work.then((value) => value);
}

/** All work of this process is told to `sink`, until the function that this returns is called. */
export function collectStart(sink: StartSink): () => void {
  state.sink = sink;
  return () => {
    state.sink = null;
  };
}

/** Work that `run` begins is told to `sink`, also what it begins after an await. */
export async function collectWithin<T>(sink: StartSink, run: () => Promise<T>): Promise<T> {
  const scope = new AsyncLocalStorage<StartSink>();
  state.scope = scope;
  try {
    return await scope.run(sink, run);
  } finally {
    if (state.scope === scope) state.scope = null;
    // On Node 20 and 22 each promise of the process would go on paying for it.
    scope.disable();
  }
}
