import { UNSENT } from './messages.js';

/** How much output may wait for the control thread, in UTF-16 units. */
const MAX_UNSENT = 4 * 1024 * 1024;
const SLICE_MS = 20;
const PATIENCE_MS = 10_000;

/**
 * Counts output that is about to be sent. If a cell prints faster than the control thread sends, it waits: the heap of that thread is small, and if it were
 * full, the kernel would end.
 * @param sendCollected sends what was collected until now, which the thread could not take otherwise
 */
export function makeRoom(shared: Int32Array, units: number, sendCollected: () => void): void {
  const end = performance.now() + PATIENCE_MS;
  for (;;) {
    const unsent = Atomics.load(shared, UNSENT);
    if (unsent < MAX_UNSENT || performance.now() > end) break;
    sendCollected();
    // It waits in short steps, so that it can be interrupted between them.
    Atomics.wait(shared, UNSENT, unsent, SLICE_MS);
  }
  Atomics.add(shared, UNSENT, units);
}
