import { AsyncLocalStorage } from 'node:async_hooks';
import { stackOf } from './error-like.js';
import type { Output } from './session.js';

/** A cell that was started: its timers and promises belong to it also after it ended. */
export interface RunningCell {
  /** `cell[3].ts` */
  readonly id: string;
  /** `%%capture` replaces it. */
  output: Output;
  /** Imports a package as the notebook's cells do. */
  importPackage(id: string): Promise<object>;
  /** The subshell that runs it; '' is the notebook itself. */
  readonly subshell: string;
  /** Its result does not become `_`. */
  readonly isAside?: boolean;
  /** Aborted by an interrupt. */
  readonly interrupted: AbortSignal;
}

const storage = new AsyncLocalStorage<RunningCell>();
const byId = new Map<string, RunningCell>();
/** The cells in the order of their start, and the number of each. A line that a replica prints during a call names the calling cell by its number. */
const started: RunningCell[] = [];
const numbers = new WeakMap<RunningCell, number>();
let last: RunningCell | undefined;

/** Runs `work`; what it prints goes to the cell's output. */
export function runInCell<T>(cell: RunningCell, work: () => T): T {
  last = cell;
  byId.set(cell.id, cell);
  if (!numbers.has(cell)) numbers.set(cell, started.push(cell) - 1);
  return storage.run(cell, work);
}

/** Output that belongs to no cell does not go to this one. */
export function forgetCell(cell: RunningCell): void {
  if (last === cell) last = undefined;
  byId.delete(cell.id);
}

/** Runs work of the kernel that a cell's code has caused. What this work starts and keeps does not belong to the cell. */
export function outsideCells<T>(work: () => T): T {
  return storage.exit(work);
}

/** The cell whose code runs now. */
export function currentCell(): RunningCell | undefined {
  return storage.getStore();
}

/** True while code of a cell runs. */
export const isInCell = (): boolean => storage.getStore() !== undefined;

/** Names the cell whose code runs now to {@link runAsCell}. */
export function currentCellNumber(): number | undefined {
  const cell = storage.getStore();
  return cell === undefined ? undefined : numbers.get(cell);
}

/** Runs `work` as a part of the cell with this number. @returns false if there is no such cell */
export function runAsCell(number: number, work: () => void): boolean {
  const cell = started[number];
  if (cell === undefined) return false;
  storage.run(cell, work);
  return true;
}

/** The cell that an error came from: the one whose code ran, else the one in its stack, else the last. */
export function cellOf(error: unknown): RunningCell | undefined {
  const number = /cell\[(\d+)(?:\.\d+)?\]\.ts/.exec(stackOf(error))?.[1];
  return storage.getStore() ?? (number === undefined ? undefined : byId.get(`cell[${number}].ts`)) ?? last;
}

/** The cell that was started last, for output that belongs to no cell. */
export function lastCell(): RunningCell | undefined {
  return last;
}

/** Whether the cells are of different subshells, so that neither waits for the other. */
export const isBeside = (one: RunningCell | undefined, other: RunningCell | undefined): boolean =>
  one !== undefined && other !== undefined && one.subshell !== other.subshell;

/** An interrupted cell does not wait for `work`, which then gives nothing. */
export async function unlessInterrupted<T>({ interrupted }: RunningCell, work: Promise<T> | undefined): Promise<T | undefined> {
  if (work === undefined || interrupted.aborted) return undefined;
  let giveUp = (): void => {};
  const aborted = new Promise<undefined>((resolve) => {
    giveUp = () => resolve(undefined);
    interrupted.addEventListener('abort', giveUp, { once: true });
  });
  return Promise.race([work, aborted]).finally(() => interrupted.removeEventListener('abort', giveUp));
}
