import { AsyncLocalStorage } from 'node:async_hooks';
import type { Output } from './session.js';

/** A cell that was started: its timers and promises belong to it also after it ended. */
export interface RunningCell {
  /** `cell[3].ts` */
  readonly id: string;
  readonly output: Output;
  /** Imports a package as the notebook's cells do. */
  importPackage(id: string): Promise<object>;
  /** Aborted by an interrupt. */
  readonly interrupted: AbortSignal;
}

const storage = new AsyncLocalStorage<RunningCell>();
const byId = new Map<string, RunningCell>();
let last: RunningCell | undefined;

/** Runs `work`; what it prints goes to the cell's output. */
export function runInCell<T>(cell: RunningCell, work: () => T): T {
  last = cell;
  byId.set(cell.id, cell);
  return storage.run(cell, work);
}

/** Runs work of the kernel's own that a cell's code has led to: what it starts and keeps is not the cell's. */
export function outsideCells<T>(work: () => T): T {
  return storage.exit(work);
}

/** The cell whose code runs now. */
export function currentCell(): RunningCell | undefined {
  return storage.getStore();
}

/** The cell that an error came from: the one whose code ran, else the one in its stack, else the last. */
export function cellOf(error: unknown): RunningCell | undefined {
  const stack = typeof error === 'object' && error !== null ? String((error as { stack?: unknown }).stack) : '';
  const id = /cell\[\d+\]\.ts/.exec(stack)?.[0];
  return storage.getStore() ?? (id === undefined ? undefined : byId.get(id)) ?? last;
}

/** The cell that was started last, for output of nobody's. */
export function lastCell(): RunningCell | undefined {
  return last;
}
