import type { Worker } from 'node:worker_threads';
import { currentCell, type RunningCell } from './running-cell.js';

const workers = new WeakMap<RunningCell, Set<Worker>>();
let watching = false;

/** Remembers from now on which cell has started which worker thread. */
export function watchWorkers(): void {
  if (watching) return;
  watching = true;
  process.on('worker', (worker) => {
    const cell = currentCell();
    if (cell === undefined) return;
    const own = workers.get(cell) ?? new Set();
    workers.set(cell, own.add(worker));
    worker.once('exit', () => own.delete(worker));
  });
}

/** Ends the worker threads that the cell has started. */
export function endWorkers(cell: RunningCell): void {
  for (const worker of workers.get(cell) ?? []) void worker.terminate();
}
