import type { DisplayBundle, ErrorOutcome, Outcome } from '../session/index.js';

/** Descriptor of the runner's process that its parent's orders come in on. Its end is the parent's end. */
export const ORDERS_FD = 3;
/** Descriptor that the runner's process tells its parent on. */
export const EVENTS_FD = 4;

/** What the runner's process is started with. */
export interface RunnerStart {
  /** Absolute path of the folder that the cells run in. */
  readonly folder: string;
  /** Tells this run's cluster from others. */
  readonly owner: string;
  /** The notebook, as people name its cluster. */
  readonly notebook: string;
  /** For the marks in what it prints; see `descriptors`. */
  readonly secret: string;
}

/** From the parent to the runner's process; a line of JSON each. */
export type Order =
  | { readonly kind: 'cell'; readonly cell: number; readonly code: string }
  /** End the cell that runs, and send the signal to the processes that it has started. */
  | { readonly kind: 'interrupt'; readonly signal: NodeJS.Signals }
  /** Wait for what the cells have begun, so that its failures are known. */
  | { readonly kind: 'settle' }
  /** End the cluster and the process. */
  | { readonly kind: 'end' };

/** From the runner's process to its parent; a line of JSON each, in an {@link NumberedEvent}. */
export type RunnerEvent =
  | { readonly kind: 'ready' }
  | { readonly kind: 'began'; readonly cell: number }
  | { readonly kind: 'stream'; readonly cell: number; readonly name: 'stdout' | 'stderr'; readonly text: string }
  | {
      readonly kind: 'display';
      readonly cell: number;
      readonly bundle: DisplayBundle;
      readonly displayId?: string;
      readonly update?: boolean;
    }
  | { readonly kind: 'clear'; readonly cell: number; readonly wait: boolean }
  | { readonly kind: 'outcome'; readonly cell: number; readonly outcome: Outcome }
  /** An error that no code waited for. */
  | { readonly kind: 'stray'; readonly cell: number; readonly error: ErrorOutcome; readonly what: string }
  /** `process.exitCode` was set, and is taken back. */
  | { readonly kind: 'exit-code'; readonly cell: number; readonly exitCode: string }
  /** An interrupt has been dealt with: it hits no later cell. */
  | { readonly kind: 'interrupted' }
  | { readonly kind: 'settled' };

export interface NumberedEvent {
  readonly number: number;
  readonly marked: readonly number[];
  readonly event: RunnerEvent;
}
