import type { Mark, OwnDescriptors } from '../descriptors/index.js';
import type { Connection } from '../wire/index.js';

/** What the control thread is started with. */
export interface ControlInit {
  readonly connection: Connection;
  /** Session id of the kernel's headers. */
  readonly session: string;
  /** Content of `kernel_info_reply`. */
  readonly info: Readonly<Record<string, unknown>>;
  /** {@link SHARED_INTS} Int32: see {@link GUARD}, {@link TERMINATION} and {@link UNSENT}. */
  readonly shared: SharedArrayBuffer;
  readonly descriptors: OwnDescriptors;
  /** Process whose end ends the kernel; 0: none. */
  readonly parentPid: number;
}

/** Index in `shared`: above zero while the main thread runs what must not be terminated. */
export const GUARD = 0;
/** Index in `shared`: the state of a termination; see `termination.ts`. */
export const TERMINATION = 1;
/** Index in `shared`: UTF-16 units of output that the control thread has not yet taken. */
export const UNSENT = 2;
export const SHARED_INTS = 3;

/** From the control thread to the main thread. */
export type FromControl =
  | { readonly kind: 'bound' }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'ping'; readonly id: number }
  /** The person asked for an interrupt. Synchronous code that stands in its way is terminated. */
  | { readonly kind: 'interrupted' }
  | { readonly kind: 'shutdown'; readonly restart: boolean };

/** What reaches iopub, in one order with what comes through the descriptors 1 and 2. Parents are headers in JSON; '' stands for none. */
export type Printed =
  | { readonly kind: 'stream'; readonly name: 'stdout' | 'stderr'; readonly text: string; readonly parent: string }
  /** Any other message for iopub; the content is JSON, because not everything in it can be cloned. */
  | { readonly kind: 'publish'; readonly type: string; readonly content: string; readonly parent: string }
  /** A cell begins: what comes through the descriptors is its own. */
  | { readonly kind: 'cell'; readonly parent: string };

/** From the main thread to the control thread. */
export type ToControl =
  | { readonly kind: 'pong'; readonly id: number }
  | (Printed & { readonly mark: Mark })
  /** The main thread ends in an orderly way; should it fail to, the thread ends the process. */
  | { readonly kind: 'ending' }
  | { readonly kind: 'close' };
