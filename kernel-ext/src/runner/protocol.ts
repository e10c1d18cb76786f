import type { Captured } from '../descriptors/index.js';
import type { DisplayBundle, ErrorOutcome, Outcome } from '../session/index.js';

/** The descriptor on which the runner's process reads its parent's orders. It ends when the parent ends. */
export const ORDERS_FD = 3;
/** The descriptor on which the runner's process sends events to its parent. */
export const EVENTS_FD = 4;

/** The argument of the runner's process. */
export interface RunnerStart {
  /** The absolute path of the folder in which the cells run. */
  readonly folder: string;
  /** The owner key of this run's cluster. */
  readonly owner: string;
  /** The notebook, which is the name of its cluster. */
  readonly notebook: string;
  /** The secret of the marks in its output; see `descriptors`. */
  readonly secret: string;
}

/** A message from the parent to the runner's process: a line of JSON. */
export type Order =
  | { readonly kind: 'cell'; readonly cell: number; readonly code: string }
  /** End the running cell, and send the signal to the processes that it has started. */
  | { readonly kind: 'interrupt'; readonly signal: NodeJS.Signals }
  | ({ readonly kind: 'captured' } & Captured)
  /** Wait for what the cells have begun, so that its failures are known. */
  | { readonly kind: 'settle' }
  /** End the cluster and the process. */
  | { readonly kind: 'end' };

/** A message from the runner's process to its parent: a line of JSON, in a {@link NumberedEvent}. */
export type RunnerEvent =
  | { readonly kind: 'ready' }
  /** `peakBytes`: the most memory that the process has had. */
  | { readonly kind: 'began'; readonly cell: number; readonly peakBytes: number }
  | { readonly kind: 'stream'; readonly cell: number; readonly name: 'stdout' | 'stderr'; readonly text: string }
  | {
      readonly kind: 'display';
      readonly cell: number;
      readonly bundle: DisplayBundle;
      readonly displayId?: string;
      readonly update?: boolean;
    }
  | { readonly kind: 'clear'; readonly cell: number; readonly wait: boolean }
  | ({ readonly kind: 'capture'; readonly cell: number } & Captured)
  | { readonly kind: 'outcome'; readonly cell: number; readonly outcome: Outcome; readonly peakBytes: number }
  /** An error that no code caught. */
  | { readonly kind: 'stray'; readonly cell: number; readonly error: ErrorOutcome; readonly what: string }
  /** A cell set `process.exitCode`. The runner has reset it. */
  | { readonly kind: 'exit-code'; readonly cell: number; readonly exitCode: string }
  /** An interrupt has been handled, so it cannot end a later cell. */
  | { readonly kind: 'interrupted' /** Whether code was terminated for it. */; readonly terminated: boolean }
  /** `left`: what the run no longer waits for, in words; '' if there is nothing. */
  | { readonly kind: 'settled'; readonly left: string; readonly peakBytes: number }
  /** The cluster has ended, and the process ends now: the listeners of `exit` are called. */
  | { readonly kind: 'exiting' };

export interface NumberedEvent {
  readonly number: number;
  readonly marked: readonly number[];
  readonly event: RunnerEvent;
}
